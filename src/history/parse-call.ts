import type { OperationEvent } from './event.ts'

/**
 * Reads the lines of which a history has most: calls of a lock, in the recorder's own spelling (recorder.ts). It takes them out of the text where they
 * stand and makes few shapes of objects with shared names, which costs half of JSON.parse, and a third of the garbage. Undefined for every
 * other line and spelling, which parse.ts reads; what is returned is what that would return.
 */
export function parseCall(text: string, from: number, to: number): OperationEvent | undefined {
  const read = new Cursor(text, from)
  if (!read.skips('{"t":')) return undefined
  const t = read.number()
  if (!read.skips(',"process":"')) return undefined
  const process = read.name()
  if (!read.skips(',"type":"')) return undefined
  const type = read.oneOf(types)
  if (!read.skips(',"f":"')) return undefined
  const f = read.oneOf(calls)
  if (!read.skips(',"op":')) return undefined
  const op = read.number()
  if (!read.skips(',"key":"')) return undefined
  const key = read.name()
  const grant = read.skips(',"grant":') ? read.number() : undefined
  const token = read.skips(',"token":"') ? read.text() : undefined
  const fence = read.skips(',"fence":"') ? read.text() : undefined
  const ttlMs = read.skips(',"ttlMs":') ? read.number() : undefined
  const waitMs = read.skips(',"waitMs":') ? read.number() : undefined
  const validForMs = read.skips(',"validForMs":') ? read.number() : undefined
  if (!read.skips('}') || read.at !== to || type === undefined || f === undefined) return undefined
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

const types = ['invoke', 'ok', 'fail', 'info'] as const
const calls = ['acquire', 'release', 'work', 'extend', 'lost'] as const

/** Beyond it a double does not hold every digit. */
const digitsMax = 15
/** V8 keeps a longer piece of a string as a view that holds the whole of it. */
const viewFromLength = 13
/** ASCII. */
const codes = { quote: 34, dot: 46, zero: 48, backslash: 92 }

/** A place in a text, and what can be read there. What cannot makes `at` NaN, so that nothing more is read. */
class Cursor {
  at: number
  readonly #text: string

  constructor(text: string, at: number) {
    this.#text = text
    this.at = at
  }

  skips(word: string): boolean {
    if (!this.#text.startsWith(word, this.at) || Number.isNaN(this.at)) return false
    this.at += word.length
    return true
  }

  /** Not negative, without an exponent, as JSON has them. */
  number(): number {
    const from = this.at
    let value = this.#digits()
    const whole = this.at - from
    if (whole === 0 || whole > digitsMax || (whole > 1 && this.#text.charCodeAt(from) === codes.zero)) this.at = NaN
    if (this.#text.charCodeAt(this.at) === codes.dot) {
      this.at++
      const fractionAt = this.at
      this.#digits()
      if (this.at === fractionAt) this.at = NaN
      value = Number(this.#text.slice(from, this.at))
    }
    return value
  }

  #digits(): number {
    let value = 0
    for (;;) {
      const digit = this.#text.charCodeAt(this.at) - codes.zero
      if (!(digit >= 0 && digit <= 9)) return value
      value = value * 10 + digit
      this.at++
    }
  }

  /** A string up to its closing quote, a copy of its own. */
  text(): string {
    const from = this.at
    for (let at = from; ; at++) {
      const code = this.#text.charCodeAt(at)
      if (code === codes.quote) {
        this.at = at + 1
        const piece = this.#text.slice(from, at)
        return piece.length < viewFromLength ? piece : copyOf(piece)
      }
      // What is escaped, beyond ASCII or cut is not ours.
      if (!(code >= 32 && code < 127) || code === codes.backslash) {
        this.at = NaN
        return ''
      }
    }
  }

  /** A string of which a history has few. */
  name(): string {
    const end = this.#text.indexOf('"', this.at)
    const known = end < 0 ? undefined : names.get(this.#text.slice(this.at, end))
    if (known === undefined) return shared(this.text())
    this.at = end + 1
    return known
  }

  oneOf<Word extends string>(words: readonly Word[]): Word | undefined {
    return words.find((word) => this.#text.startsWith(word, this.at) && this.skips(word) && this.skips('"'))
  }
}

const copyOf = (piece: string): string => Buffer.from(piece, 'latin1').toString('latin1')

/** Few names, in millions of events: each is kept once. A history of another make may have a name for each event. */
const names = new Map<string, string>()
const namesMax = 10_000

export function shared(name: string): string {
  const known = names.get(name)
  if (known !== undefined) return known
  if (names.size < namesMax) names.set(name, name)
  return name
}
