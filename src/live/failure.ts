import { EnvironmentError } from '../lib/failure.ts'
import { ProtocolError, type Refusal } from './resp.ts'

/** The connection could not be made, or is gone: there is nothing more to ask. The message is a whole sentence. */
export class Unreachable extends EnvironmentError {
  override name = 'Unreachable'
}

/** Redis answered that it will not. The connection stands; `code` is `NOPERM`, `ERR` … */
export class Refused extends EnvironmentError {
  override name = 'Refused'
  readonly code: string
  constructor(message: string, code: string) {
    super(message)
    this.code = code
  }
}

/** What a socket's error means, and what to do. */
export function unreachable(where: string, error: unknown, tls: boolean): Unreachable {
  const { code = '', message } = error as NodeJS.ErrnoException
  return new Unreachable(`${where} ${socketWords(code, message, tls, error)}`)
}

function socketWords(code: string, message: string, tls: boolean, error: unknown): string {
  if (error instanceof ProtocolError) return `is no Redis, or speaks TLS (rediss://): ${message}`
  if (code === 'ECONNREFUSED') return 'refused the connection: nothing listens there'
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'was not found: no name server knows that host'
  if (code === 'ETIMEDOUT')
    return tls
      ? 'did not answer the TLS handshake in time; if it speaks no TLS, use redis://'
      : 'did not answer in time'
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH') return 'cannot be reached from this machine: there is no route'
  if (!tls) return code === 'ECONNRESET' ? 'closed the connection' : `cannot be reached: ${message}`
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `shows a certificate for another name (${message.replace(/^.*?altnames: /i, '')}); use the name in it, or --tls-insecure`
  if (code === 'CERT_HAS_EXPIRED')
    return 'shows a certificate that has expired; renew it, or use --tls-insecure to look all the same'
  if (/SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|CERT_UNTRUSTED/.test(code))
    return 'shows a certificate that nobody here vouches for; name its CA with --tls-ca <file>, or use --tls-insecure'
  if (/CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE|BAD_CERTIFICATE|UNKNOWN_CA/.test(code))
    return 'asks for a certificate of ours that it knows; give --tls-cert and --tls-key'
  if (/WRONG_VERSION_NUMBER|PACKET_LENGTH|EPROTO/.test(code))
    return 'speaks no TLS on this port; use redis:// without the second s'
  if (code === 'ECONNRESET') return 'closed the connection during the TLS handshake; if it speaks no TLS, use redis://'
  return `cannot be reached by TLS: ${message}`
}

/** What an answer to AUTH, SELECT or the first PING means. */
export function refusedAtTheDoor(where: string, { code, message }: Refusal, username: string): Refused {
  const who = username === '' ? 'the password' : `user ${username} with this password`
  const words: Record<string, string> = {
    WRONGPASS: `does not accept ${who}`,
    NOAUTH: 'wants a password: write it into the URL (redis://:password@host), or into REDISCLI_AUTH',
    DENIED: 'is in protected mode and answers on its own machine only',
    LOADING: 'is still loading its data; try again when it is done',
    MASTERDOWN: 'is a replica that has lost its primary, and answers nothing',
  }
  const noPassword = /without any password configured|no password is set/.test(message)
  const full = /max number of clients/.test(message)
  const what =
    words[code.replace(/^-/, '')] ??
    (noPassword
      ? 'has no password, and refuses the one that was given: leave it out'
      : full
        ? 'has reached its maximum number of clients'
        : `does not let us in: ${message}`)
  return new Refused(`${where} ${what}`, code)
}

/** What Redis will not do for us, in one sentence. */
export function refused(where: string, command: string, { code, message }: Refusal): Refused {
  const sentence =
    code === 'NOPERM'
      ? `${where} does not allow this user ${command} (NOPERM)`
      : code === 'NOAUTH'
        ? `${where} wants a password: write it into the URL (redis://:password@host), or into REDISCLI_AUTH`
        : /unknown (sub)?command/i.test(message)
          ? `${where} does not know ${command}: it is renamed, turned off or too new for this server`
          : `${where} refused ${command}: ${message}`
  return new Refused(sentence, code)
}

/** For `.catch`: what Redis will not do is left out; what ends the connection is thrown on. */
export function mayBeRefused(error: unknown): undefined {
  if (!(error instanceof Refused)) throw error
  return undefined
}
