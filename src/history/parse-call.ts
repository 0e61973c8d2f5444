import type { OperationEvent } from './event.ts'

/**
 * Reads the lines of which a history has most: calls of a lock, in the recorder's own spelling (recorder.ts). It takes them out of the bytes where they
 * stand and makes few shapes of objects with shared names, which costs a third of decoding and JSON.parse, and a third of the garbage. Undefined for
 * every other line and spelling, which parse.ts reads; what is returned is what that would return.
 */
export function parseCall(bytes: Buffer, from: number, to: number): OperationEvent | undefined {
  read.begin(bytes, from, to)
  if (!read.skips(words.t)) return undefined
  const t = read.number()
  if (!read.skips(words.process)) return undefined
  const process = read.name()
  if (!read.skips(words.type)) return undefined
  const type = read.oneOf(types)
  const f = read.oneOf(calls)
  const op = small(read.number())
  if (!read.skips(words.key)) return undefined
  const key = read.name()
  const grant = read.skips(words.grant) ? small(read.number()) : undefined
  const token = read.skips(words.token) ? read.text() : undefined
  const fence = read.skips(words.fence) ? read.text() : undefined
  const ttlMs = read.skips(words.ttlMs) ? small(read.number()) : undefined
  const waitMs = read.skips(words.waitMs) ? small(read.number()) : undefined
  const validForMs = read.skips(words.validForMs) ? read.number() : undefined
  if (!read.ends() || type === undefined || f === undefined) return undefined
  if (!Number.isSafeInteger(op) || (grant !== undefined && !Number.isSafeInteger(grant))) return undefined

  if (token === undefined && fence === undefined && validForMs === undefined) {
    if (grant === undefined && ttlMs !== undefined && waitMs !== undefined)
      return { t, process, type, f, op, key, ttlMs, waitMs }
    if (grant !== undefined && ttlMs === undefined && waitMs === undefined)
      return { t, process, type, f, op, key, grant }
  } else if (grant === undefined && ttlMs === undefined && waitMs === undefined && token !== undefined) {
    if (fence !== undefined && validForMs !== undefined)
      return { t, process, type, f, op, key, token, fence, validForMs }
    if (fence !== undefined) return { t, process, type, f, op, key, token, fence }
    if (validForMs !== undefined) return { t, process, type, f, op, key, token, validForMs }
    return { t, process, type, f, op, key, token }
  }
  return undefined
}

/** A piece of text that is looked for four bytes at a time; the last four may overlap those before them. */
interface Spelling {
  length: number
  fours: readonly number[]
}

function spelling(text: string): Spelling {
  const bytes = Buffer.from(text)
  const { length } = bytes
  const starts = Array.from({ length: Math.ceil(length / 4) }, (_, index) => Math.min(index * 4, length - 4))
  return { length, fours: starts.map((start) => bytes.readUInt32LE(start)) }
}

const words = {
  t: spelling('{"t":'),
  process: spelling(',"process":"'),
  type: spelling(',"type":"'),
  key: spelling(',"key":"'),
  grant: spelling(',"grant":'),
  token: spelling(',"token":"'),
  fence: spelling(',"fence":"'),
  ttlMs: spelling(',"ttlMs":'),
  waitMs: spelling(',"waitMs":'),
  validForMs: spelling(',"validForMs":'),
}

/** With what stands behind each. */
const before = <Word extends string>(next: string, ...all: Word[]) =>
  all.map((word) => ({ word, spelling: spelling(word + next) }))
const types = before('","f":"', 'invoke', 'ok', 'fail', 'info')
const calls = before('","op":', 'acquire', 'release', 'work', 'extend', 'lost')

/** Beyond it a double does not hold every digit. */
const digitsMax = 15
/** ASCII. */
const codes = { quote: 34, dot: 46, zero: 48, backslash: 92, brace: 125 }

/** A place in a line, and what can be read there. What cannot makes `#at` NaN, so that nothing more is read. */
class Cursor {
  #at = NaN
  #to = 0
  #bytes: Buffer = Buffer.alloc(0)
  #view: DataView = new DataView(this.#bytes.buffer)

  begin(bytes: Buffer, at: number, to: number): void {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    }
    this.#at = at
    this.#to = to
  }

  skips({ length, fours }: Spelling): boolean {
    const at = this.#at
    if (!(at + length <= this.#to)) return false
    const last = fours.length - 1
    for (let i = 0; i < last; i++) if (this.#view.getUint32(at + i * 4, true) !== fours[i]) return false
    if (this.#view.getUint32(at + length - 4, true) !== fours[last]) return false
    this.#at = at + length
    return true
  }

  oneOf<Word extends string>(some: readonly { word: Word; spelling: Spelling }[]): Word | undefined {
    for (let i = 0; i < some.length; i++) if (this.skips(some[i]!.spelling)) return some[i]!.word
    this.#at = NaN
    return undefined
  }

  /** Not negative, without an exponent, as JSON has them. */
  number(): number {
    const from = this.#at
    let value = this.#digits()
    const whole = this.#at - from
    if (whole === 0 || whole > digitsMax || (whole > 1 && this.#bytes[from] === codes.zero)) this.#at = NaN
    if (this.#at < this.#to && this.#bytes[this.#at] === codes.dot) {
      this.#at++
      const fractionAt = this.#at
      this.#digits()
      if (this.#at === fractionAt) this.#at = NaN
      value = Number(this.#bytes.toString('latin1', from, this.#at))
    }
    return value
  }

  #digits(): number {
    let value = 0
    let at = this.#at
    for (; at < this.#to; at++) {
      const digit = this.#bytes[at]! - codes.zero
      if (!(digit >= 0 && digit <= 9)) break
      value = value * 10 + digit
    }
    this.#at = at
    return value
  }

  /** A string up to its closing quote. */
  text(): string {
    const from = this.#at
    const end = this.#endOfText()
    return end < 0 ? '' : this.#bytes.toString('latin1', from, end)
  }

  /** A string of which a history has few. */
  name(): string {
    const from = this.#at
    const end = this.#endOfText()
    if (end < 0) return ''
    const slot = slotOf(this.#bytes, from, end)
    const known = recent[slot]
    if (known !== undefined && isSpelled(known, this.#bytes, from, end)) return known
    return (recent[slot] = shared(this.#bytes.toString('latin1', from, end)))
  }

  /** Goes past the closing quote, and says where it stands; -1 for what is escaped, beyond ASCII or cut, which is not ours. */
  #endOfText(): number {
    for (let at = this.#at; at < this.#to; at++) {
      const code = this.#bytes[at]!
      if (code === codes.quote) {
        this.#at = at + 1
        return at
      }
      if (code < 32 || code > 126 || code === codes.backslash) break
    }
    this.#at = NaN
    return -1
  }

  /** Whether the closing brace is all that is left. */
  ends(): boolean {
    return this.#at + 1 === this.#to && this.#bytes[this.#at] === codes.brace
  }
}

/** One for all lines: four million of them would be garbage. */
const read = new Cursor()

/** The same number, in the form in which V8 keeps one that is no fraction and below 2^31: without an object for it. */
const small = (value: number): number => {
  const whole = value | 0
  return whole === value ? whole : value
}

/** Names as they were read last, found by their bytes, without making a string first. */
const recent: (string | undefined)[] = new Array(4096).fill(undefined)

function slotOf(bytes: Buffer, from: number, to: number): number {
  let hash = 0
  for (let at = from; at < to; at++) hash = (hash * 31 + bytes[at]!) | 0
  return (hash ^ (hash >>> 12)) & (recent.length - 1)
}

function isSpelled(text: string, bytes: Buffer, from: number, to: number): boolean {
  if (text.length !== to - from) return false
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[from + i]) return false
  return true
}

/** Few names, in millions of events: each is kept once. A history of another make may have a name for each event. */
const names = new Map<string, string>()
const namesMax = 10_000

export function shared(name: string): string {
  const known = names.get(name)
  if (known !== undefined) return known
  if (names.size < namesMax) names.set(name, name)
  return name
}

/**
 * V8 keeps whole numbers below 2^31 in another form than all others. When an object of a shape first has another, as `t` after 2.1 s, those before
 * it are rewritten one by one where they are read next, at a microsecond each. So the first of each shape has a fraction.
 */
const shapes = [
  '"ttlMs":1,"waitMs":1',
  '"grant":1',
  '"token":""',
  '"token":"","fence":""',
  '"token":"","validForMs":0.5',
  '"token":"","fence":"","validForMs":0.5',
]
for (const shape of shapes) {
  const first = Buffer.from(`{"t":0.5,"process":"","type":"ok","f":"acquire","op":1,"key":"",${shape}}`)
  parseCall(first, 0, first.length)
}
