/**
 * One line of MONITOR, read where it stands in the buffer:
 *
 *     1764697261.006180 [0 172.19.0.4:47060] "set" "lock:1" "bb94\x01" "PX" "5000" "NX"
 *
 * Redis writes an argument's bytes as they are between 0x20 and 0x7e, `\"`, `\\`, `\n`, `\r`, `\t`, `\a`, `\b`, and all others as `\xHH`
 * (sdscatrepr). So arguments are bytes, a character each (latin1), here as in all of this folder. The client is `address:port`, `[v6]:port`,
 * `unix:/path`, and `lua` for what a script ran (Valkey may say `script`). In front there may be a `+` (the protocol's own form), behind a `\r`.
 *
 * A line is reused for the next one: who wants to keep something takes it out.
 */
export class Line {
  /** µs since 1970, by the server's clock. */
  atUs = 0
  db = 0
  /** The command's first word, in capitals. */
  name = ''
  /** Whether a script ran it. */
  inner = false
  /** How many arguments follow the name; those that `readArguments` found. */
  count = 0
  #bytes = Buffer.alloc(0) as Bytes
  #client: [from: number, to: number] = [0, 0]
  /** Where the arguments begin to be. */
  #rest = 0
  #end = 0
  readonly #from: number[] = []
  readonly #to: number[] = []
  readonly #escaped: boolean[] = []

  /** The head of the line in `bytes[start, end)`: time, database, client and name. False where it is none of MONITOR's, or is cut off in there. */
  readHead(buffer: Buffer, start: number, end: number): boolean {
    const bytes = buffer as Bytes
    this.#bytes = bytes
    this.#end = bytes[end - 1] === carriageReturn ? end - 1 : end
    let at = bytes[start] === plus ? start + 1 : start
    at = this.#readTime(at)
    if (at < 0 || bytes[at] !== space || bytes[at + 1] !== openBracket) return false
    at += 2
    let db = 0
    const dbAt = at
    for (; isDigit(bytes[at]!); at++) db = db * 10 + bytes[at]! - zero
    if (at === dbAt || bytes[at] !== space) return false
    this.db = db
    const clientAt = at + 1
    // `] "`: a socket's path may have brackets and quotes of its own, though hardly this.
    at = clientAt
    while (at + 2 < this.#end && !(bytes[at] === closeBracket && bytes[at + 1] === space && bytes[at + 2] === quote))
      at++
    if (at + 2 >= this.#end) return false
    this.#client = [clientAt, at]
    this.inner =
      (at - clientAt === 3 &&
        bytes[clientAt] === 0x6c &&
        bytes[clientAt + 1] === 0x75 &&
        bytes[clientAt + 2] === 0x61) ||
      (at - clientAt === 6 && bytes.latin1Slice(clientAt, at) === 'script')
    const nameAt = at + 3
    at = nameAt
    while (at < this.#end && bytes[at] !== quote) at++
    if (at >= this.#end) return false
    this.name = inCapitals(bytes, nameAt, at)
    this.#rest = at + 1
    this.count = 0
    return true
  }

  /** Finds the arguments; false where the line ends inside of one, and then those before it count. At most `most` are looked at. */
  readArguments(most = argumentsMax): boolean {
    const bytes = this.#bytes
    const end = this.#end
    let at = this.#rest
    this.count = 0
    while (at < end && this.count < most) {
      if (bytes[at] !== space || bytes[at + 1] !== quote) return false
      const from = at + 2
      let escaped = false
      at = from
      for (;;) {
        if (at >= end) return false
        const byte = bytes[at]!
        if (byte === quote) break
        if (byte === backslash) {
          escaped = true
          at++
        }
        at++
      }
      this.#from[this.count] = from
      this.#to[this.count] = at
      this.#escaped[this.count++] = escaped
      at++
    }
    return true
  }

  /** The n-th argument after the name, as bytes. */
  argument(n: number): string {
    const text = this.#bytes.latin1Slice(this.#from[n]!, this.#to[n]!)
    return this.#escaped[n] ? unescape(text) : text
  }

  /** As it is written, escapes and all: the same text for the same bytes. */
  raw(n: number): string {
    return this.#bytes.latin1Slice(this.#from[n]!, this.#to[n]!)
  }

  arguments(): string[] {
    const all: string[] = []
    for (let n = 0; n < this.count; n++) all.push(this.argument(n))
    return all
  }

  /** Whether the n-th argument is this word, which is in capitals. */
  is(n: number, word: string): boolean {
    const from = this.#from[n]!
    if (this.#to[n]! - from !== word.length) return false
    for (let i = 0; i < word.length; i++) if ((this.#bytes[from + i]! & 0xdf) !== word.charCodeAt(i)) return false
    return true
  }

  client(): string {
    return this.#bytes.latin1Slice(...this.#client)
  }

  /** `1764697261.006180` → µs; where it ends, or -1. */
  #readTime(start: number): number {
    const bytes = this.#bytes
    let at = start
    let seconds = 0
    for (; at < this.#end && isDigit(bytes[at]!); at++) seconds = seconds * 10 + bytes[at]! - zero
    if (at - start < 9 || at - start > 11 || bytes[at] !== dot) return -1
    const fractionAt = ++at
    let fraction = 0
    for (; at < this.#end && isDigit(bytes[at]!); at++) fraction = fraction * 10 + bytes[at]! - zero
    if (at - fractionAt !== 6) return -1
    this.atUs = seconds * 1e6 + fraction
    return at
  }
}

/** Nobody's lock has more; beyond it nothing is read. */
const argumentsMax = 1024

const [plus, space, openBracket, closeBracket, quote, backslash, dot, zero, carriageReturn] = [
  0x2b, 0x20, 0x5b, 0x5d, 0x22, 0x5c, 0x2e, 0x30, 0x0d,
] as const

const isDigit = (byte: number) => byte >= 0x30 && byte <= 0x39

/** What Buffer.toString('latin1', from, to) calls; that alone is a quarter of the time of a line. */
export type Bytes = Buffer & { latin1Slice(from: number, to: number): string }

const names = new Map<string | number, string>()
/** Redis has some 250 commands, and modules a few more. */
const namesMax = 2000
/** Of so many bytes a number is exact. */
const packedMax = 6

function inCapitals(bytes: Bytes, from: number, to: number): string {
  let packed: number | string = 0
  if (to - from > packedMax) packed = bytes.latin1Slice(from, to)
  else for (let at = from; at < to; at++) packed = packed * 256 + bytes[at]!
  let name = names.get(packed)
  if (name === undefined) {
    name = bytes.latin1Slice(from, to).toUpperCase()
    if (names.size < namesMax) names.set(packed, name)
  }
  return name
}

const letters: Record<string, string> = { n: '\n', r: '\r', t: '\t', a: '\u0007', b: '\b' }

export const unescape = (text: string): string =>
  text.replaceAll(/\\(?:x([0-9a-fA-F]{2})|(.))/gs, (_, hex?: string, letter = '') =>
    hex === undefined ? (letters[letter] ?? letter) : String.fromCharCode(Number.parseInt(hex, 16)),
  )
