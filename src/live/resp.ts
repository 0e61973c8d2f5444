/**
 * Redis' wire protocol, version 2 (https://redis.io/docs/latest/develop/reference/protocol-spec/). Strings are latin1, a character a byte: keys are
 * any bytes, and come back as they went.
 */
export type Reply = string | number | null | Refusal | Reply[]

/** An error reply: `NOPERM User picklock has no permissions to run the 'scan' command`. */
export class Refusal {
  readonly message: string
  constructor(message: string) {
    this.message = message
  }

  /** `NOPERM`, `NOAUTH`, `ERR` … */
  get code(): string {
    return this.message.split(' ', 1)[0]!
  }
}

/** A reply that should be a string or a number, as text; anything else is none. */
export const textOf = (reply: Reply | undefined): string =>
  typeof reply === 'string' ? reply : typeof reply === 'number' ? String(reply) : ''

/** Words that are already latin1: the bytes of a key as a Reply has them. */
export function encode(commands: readonly (readonly string[])[]): Buffer {
  const text = commands
    .map((words) => `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`)
    .join('')
  return Buffer.from(text, 'latin1')
}

/** A JavaScript string as the bytes of its UTF-8, a character a byte. */
export const toBytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')

/** What is no such protocol: an HTTP server's answer, for one. */
export class ProtocolError extends Error {
  override name = 'ProtocolError'
}

/** Nothing that a command of ours asks for is that large. */
const bulkMaxBytes = 512 * 1024 * 1024

/** Takes chunks as they come; `replies` gives what is whole by now. */
export class ReplyReader {
  #bytes: Buffer = Buffer.alloc(0)
  #at = 0
  /** Below this length nothing more can be whole. */
  #needed = 0

  /** What came and was not taken: the beginning of a protocol that is not this one. */
  rest(): Buffer {
    return this.#bytes.subarray(this.#at)
  }

  *read(chunk: Buffer): Generator<Reply> {
    this.#bytes = this.#at < this.#bytes.length ? Buffer.concat([this.#bytes.subarray(this.#at), chunk]) : chunk
    this.#at = 0
    if (this.#bytes.length < this.#needed) return
    for (;;) {
      const start = this.#at
      const reply = this.#next()
      if (reply === undefined) {
        this.#at = start
        this.#needed -= start
        return
      }
      this.#needed = 0
      yield reply
    }
  }

  /** Undefined while some of it is missing. */
  #next(): Reply | undefined {
    const end = this.#bytes.indexOf('\r\n', this.#at, 'latin1')
    if (end < 0) {
      if (this.#at < this.#bytes.length) mustBeType(this.#bytes[this.#at]!)
      this.#needed = this.#bytes.length + 1
      return undefined
    }
    const type = String.fromCharCode(this.#bytes[this.#at]!)
    const line = this.#bytes.toString('latin1', this.#at + 1, end)
    this.#at = end + 2
    if (type === '+') return line
    if (type === '-') return new Refusal(line)
    if (type === ':') return Number(line)
    if (type === '$') return this.#bulk(sizeOf(line))
    if (type === '*') return this.#array(sizeOf(line))
    throw new ProtocolError(`it answers ${JSON.stringify(type + line.slice(0, 40))}`)
  }

  #bulk(size: number): string | null | undefined {
    if (size < 0) return null
    const end = this.#at + size
    if (this.#bytes.length < end + 2) {
      this.#needed = end + 2
      return undefined
    }
    const text = this.#bytes.toString('latin1', this.#at, end)
    this.#at = end + 2
    return text
  }

  #array(size: number): Reply[] | null | undefined {
    if (size < 0) return null
    const replies: Reply[] = []
    for (let index = 0; index < size; index++) {
      const reply = this.#next()
      if (reply === undefined) return undefined
      replies.push(reply)
    }
    return replies
  }
}

function sizeOf(line: string): number {
  const size = Number(line)
  if (!Number.isInteger(size) || size < -1 || size > bulkMaxBytes)
    throw new ProtocolError(`it answers a size of ${line}`)
  return size
}

function mustBeType(byte: number): void {
  if (!'+-:$*'.includes(String.fromCharCode(byte)))
    throw new ProtocolError(`it answers with the byte 0x${byte.toString(16)}`)
}
