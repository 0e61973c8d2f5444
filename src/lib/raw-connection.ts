import { connect, type Socket } from 'node:net'

/** A connection to a Redis without a client library: one that does not reconnect, resend or queue, so that what is seen is the link. */
export interface RawConnection extends Disposable {
  /** False once the other side, or the way to it, has closed it. */
  readonly open: boolean
  /**
   * Sends a command and waits for its answer: a status, an integer, a bulk string, or an error line (`ok` is true, `reply` begins with
   * `-`). `ok` is false where none came: an errno, `closed` or `timeout after …`. One at a time. Never rejects.
   */
  ask(words: string[], timeoutMs: number): Promise<Answer>
}

export type Answer = { ok: true; reply: string; ms: number } | { ok: false; error: string }

export interface DialOptions {
  host: string
  port: number
  password: string
  timeoutMs: number
}

/** Connects and authenticates. Rejects where that fails, or is not done in time. */
export async function dialRaw({ host, port, password, timeoutMs }: DialOptions): Promise<RawConnection> {
  const socket = connect({ host, port, noDelay: true })
  socket.on('error', () => {})
  const asking = asker(socket)
  const answer = await asking.ask(['AUTH', password], timeoutMs)
  if (answer.ok && !answer.reply.startsWith('-')) return asking
  socket.destroy()
  throw new Error(answer.ok ? answer.reply.slice(1) : answer.error)
}

function asker(socket: Socket): RawConnection {
  let open = true
  let failure = 'closed'
  socket.on('error', (error: NodeJS.ErrnoException) => (failure = error.code ?? error.message))
  socket.on('close', () => (open = false))

  return {
    get open() {
      return open
    },
    ask: (words, timeoutMs) =>
      new Promise((resolve) => {
        const sentAtMs = performance.now()
        let received = ''
        const end = (answer: Answer) => {
          clearTimeout(timer)
          socket.off('data', onData)
          socket.off('close', onClose)
          resolve(answer)
        }
        const onData = (chunk: Buffer) => {
          received += chunk.toString('latin1')
          const reply = replyOf(received)
          if (reply !== undefined) end({ ok: true, reply, ms: performance.now() - sentAtMs })
        }
        const onClose = () => end({ ok: false, error: failure })
        const timer = setTimeout(() => end({ ok: false, error: `timeout after ${timeoutMs} ms` }), timeoutMs)
        if (!open) return onClose()
        socket.on('data', onData)
        socket.on('close', onClose)
        socket.write(command(words))
      }),
    [Symbol.dispose]() {
      socket.destroy()
    },
  }
}

/** A whole reply's text; undefined while some of it is missing. */
function replyOf(received: string): string | undefined {
  const lineEnd = received.indexOf('\r\n')
  if (lineEnd < 0) return undefined
  const line = received.slice(0, lineEnd)
  if (!line.startsWith('$')) return line.replace(/^[+:]/, '')
  const length = Number(line.slice(1))
  if (length < 0) return ''
  const start = lineEnd + 2
  return received.length < start + length + 2 ? undefined : received.slice(start, start + length)
}

const command = (words: string[]) =>
  `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`
