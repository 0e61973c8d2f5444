import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'
import { UsageError } from '../lib/failure.ts'

/**
 * Where a live Redis is, as a person writes it:
 *
 *     redis://127.0.0.1:6379                          rediss:// for TLS
 *     redis://user:password@redis.shop.example/2      an ACL user, database 2
 *     redis+sentinel://user:password@s1:26379,s2:26379,s3:26379/mymaster/0
 *                                                     the primary of a group; rediss+sentinel:// for TLS
 *
 * The Sentinels' own user and password are `?sentinelUsername=…&sentinelPassword=…`. A password that is not in the URL is read from REDISCLI_AUTH,
 * as redis-cli does, which keeps it out of `ps`.
 */
export interface Target {
  /** The URL without its password, for messages and reports. */
  shown: string
  /** One, or the Sentinels. */
  addresses: Address[]
  username: string
  password: string
  database: number
  tls: ConnectionOptions | undefined
  sentinel: { group: string; username: string; password: string } | undefined
}

export interface Address {
  host: string
  port: number
}

/** Files of the command line, as they were given. */
export interface TlsFiles {
  tlsCa?: string | undefined
  tlsCert?: string | undefined
  tlsKey?: string | undefined
  tlsInsecure?: true | undefined
}

const schemes = {
  redis: { port: 6379, tls: false, sentinel: false },
  rediss: { port: 6379, tls: true, sentinel: false },
  'redis+sentinel': { port: 26_379, tls: false, sentinel: true },
  'rediss+sentinel': { port: 26_379, tls: true, sentinel: true },
}
type Scheme = keyof typeof schemes

const examples =
  'redis://[user:password@]host[:port][/database], rediss:// for TLS, redis+sentinel://host:port,host:port/group'
const databaseMax = 16_383
const portMax = 65_535

/** Throws a UsageError that never repeats the password. */
export function parseTarget(url: string, options: TlsFiles = {}, env: NodeJS.ProcessEnv = process.env): Target {
  const { tlsCa, tlsCert, tlsKey, tlsInsecure } = options
  const files = { tlsCa, tlsCert, tlsKey, tlsInsecure }
  const [, scheme, rest] = /^([a-z+]+):\/\/(.*)$/is.exec(url) ?? []
  if (scheme === undefined || rest === undefined)
    throw new UsageError(`${withoutPassword(url)} is no URL of a Redis: ${examples}`)
  const kind = scheme.toLowerCase()
  if (!Object.hasOwn(schemes, kind)) throw new UsageError(`${scheme}:// is no URL of a Redis: ${examples}`)
  const { port, tls, sentinel } = schemes[kind as Scheme]

  const [beforeQuery = '', query = ''] = split(rest, '?')
  const [authority = '', path = ''] = split(beforeQuery, '/')
  const at = authority.lastIndexOf('@')
  const [username = '', password = ''] = split(at < 0 ? '' : authority.slice(0, at), ':').map(decoded)
  const hosts = authority.slice(at + 1)
  const wrong = (what: string) => new UsageError(`${kind}://${hosts}: ${what}; ${examples}`)

  const addresses = hosts.split(',').map((host) => addressOf(host, port, wrong))
  if (!sentinel && addresses.length > 1)
    throw wrong('several hosts are for redis+sentinel://; several nodes are several URLs')
  const parts = path.split('/').filter((part) => part !== '')
  const group = sentinel ? decoded(parts.shift() ?? '') : ''
  if (sentinel && group === '') throw wrong('the name of the group is missing, as in /mymaster')
  const [database = '0', ...more] = parts
  if (more.length > 0 || !/^\d{1,5}$/.test(database) || Number(database) > databaseMax)
    throw wrong(`/${parts.join('/')} is no number of a database`)

  const parameters = new URLSearchParams(query)
  for (const name of parameters.keys())
    if (!sentinel || (name !== 'sentinelUsername' && name !== 'sentinelPassword'))
      throw wrong(`?${name}= means nothing here`)
  if (!tls && Object.values(files).some((file) => file !== undefined))
    throw wrong('--tls options are for rediss:// and rediss+sentinel://')
  return {
    shown: `${kind}://${username === '' ? '' : `${username}@`}${hosts}${sentinel ? `/${group}` : ''}${database === '0' ? '' : `/${database}`}`,
    addresses,
    username,
    password: password === '' ? (env['REDISCLI_AUTH'] ?? '') : password,
    database: Number(database),
    tls: tls ? tlsOptions(files) : undefined,
    sentinel: sentinel
      ? {
          group,
          username: parameters.get('sentinelUsername') ?? '',
          password: parameters.get('sentinelPassword') ?? '',
        }
      : undefined,
  }
}

/** At the first of `mark`, which is left out. */
function split(text: string, mark: string): string[] {
  const at = text.indexOf(mark)
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}

function addressOf(text: string, portDefault: number, wrong: (what: string) => Error): Address {
  const [, v6, name, port] = /^(?:\[([0-9a-f:.]+)\]|([^:[\]\s]+))(?::(\d+))?$/i.exec(text) ?? []
  const host = v6 ?? name
  if (host === undefined) throw wrong(text === '' ? 'there is no host' : `${text} is no host:port`)
  if (port !== undefined && (Number(port) < 1 || Number(port) > portMax)) throw wrong(`${port} is no port`)
  return { host, port: port === undefined ? portDefault : Number(port) }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // A password with a bare % in it is meant as it stands.
    return text
  }
}

function tlsOptions({ tlsCa, tlsCert, tlsKey, tlsInsecure }: TlsFiles): ConnectionOptions {
  if ((tlsCert === undefined) !== (tlsKey === undefined))
    throw new UsageError('--tls-cert and --tls-key go together: a certificate is worth nothing without its key')
  return {
    ...(tlsCa !== undefined && { ca: contents('--tls-ca', tlsCa) }),
    ...(tlsCert !== undefined && { cert: contents('--tls-cert', tlsCert) }),
    ...(tlsKey !== undefined && { key: contents('--tls-key', tlsKey) }),
    ...(tlsInsecure === true && { rejectUnauthorized: false }),
  }
}

function contents(flag: string, file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new UsageError(`${flag}: ${file} cannot be read (${(error as NodeJS.ErrnoException).code})`)
  }
}

const withoutPassword = (url: string) => url.replace(/^.*@/s, '…@')
