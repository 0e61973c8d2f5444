import type { Names } from './names.ts'

/**
 * What is looked for and found in the bytes of a line, without making strings and objects of it. V8 inlines little of what a function as long as a
 * parser calls, and a number that does not fit 31 bits is an object where it is returned: so what is read here returns a place, and leaves what it read in
 * `found`. A place where nothing can be read any more is `nowhere`.
 */

/** A piece of text that is looked for four bytes at a time; the last four may overlap those before them. */
export interface Spelling {
  length: number
  fours: Uint32Array
}

export function spelling(text: string): Spelling {
  const bytes = Buffer.from(text)
  const { length } = bytes
  const starts = Array.from({ length: Math.ceil(length / 4) }, (_, index) => Math.min(index * 4, length - 4))
  return { length, fours: Uint32Array.from(starts, (start) => bytes.readUInt32LE(start)) }
}

/** ASCII. */
export const codes = { newline: 10, quote: 34, minus: 45, dot: 46, zero: 48, o: 111, v: 118, brace: 125 }

/** The number that was read last; of `head` the time and the process. */
export const found = new Float64Array(2)
export const nowhere = 2 ** 30
/** Beyond it a double does not hold every digit. */
const digitsMax = 15

let viewed: Buffer = Buffer.alloc(0)
let view = new DataView(viewed.buffer)

/** One for all lines of a piece. */
export function viewOf(bytes: Buffer): DataView {
  if (bytes !== viewed) {
    viewed = bytes
    view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }
  return view
}

export function skip(view: DataView, at: number, to: number, { length, fours }: Spelling): number {
  if (at + length > to) return nowhere
  const last = fours.length - 1
  for (let i = 0; i < last; i++) if (view.getUint32(at + i * 4, true) !== fours[i]) return nowhere
  return view.getUint32(at + length - 4, true) === fours[last] ? at + length : nowhere
}

/** A whole number as JSON has it, not negative; four digits at a time. */
export function digits(view: DataView, bytes: Buffer, from: number, to: number): number {
  let value = 0
  let at = from
  for (; at + 4 <= to; at += 4) {
    const four = view.getUint32(at, true)
    const each = (four - 0x30303030) | 0
    if ((((four + 0x46464646) | each) & 0x80808080) !== 0) break
    const two = (Math.imul(each, 10) + (each >>> 8)) & 0x00ff00ff
    value = value * 10_000 + (two & 0xff) * 100 + (two >>> 16)
  }
  for (; at < to; at++) {
    const digit = bytes[at]! - codes.zero
    if (!(digit >= 0 && digit <= 9)) break
    value = value * 10 + digit
  }
  const length = at - from
  if (length === 0 || length > digitsMax || (length > 1 && bytes[from] === codes.zero)) return nowhere
  found[0] = value
  return at
}

const tens = Array.from({ length: digitsMax + 1 }, (_, places) => Number(`1e${places}`))

/**
 * A number that may have a fraction. With so few digits the quotient of two numbers that a double holds is the nearest double, as JSON.parse finds it
 * (Clinger 1990).
 */
export function decimal(view: DataView, bytes: Buffer, from: number, to: number): number {
  const dot = digits(view, bytes, from, to)
  if (bytes[dot] !== codes.dot) return dot
  let value = found[0]!
  let at = dot + 1
  for (; at < to; at++) {
    const digit = bytes[at]! - codes.zero
    if (!(digit >= 0 && digit <= 9)) break
    value = value * 10 + digit
  }
  const places = at - dot - 1
  if (places === 0 || at - from - 1 > digitsMax) return nowhere
  found[0] = value / tens[places]!
  return at
}

export function quoteAfter(bytes: Buffer, from: number, to: number): number {
  for (let at = from; at < to; at++) if (bytes[at] === codes.quote) return at
  return nowhere
}

const words = { t: spelling('{"t":'), process: spelling(',"process":"') }

/** With what every event begins: its time, and who saw it, as a number of its name; up to the quote behind that. */
export function head(view: DataView, bytes: Buffer, from: number, to: number, processes: Names): number {
  const processAt = skip(view, digits(view, bytes, skip(view, from, to, words.t), to), to, words.process)
  const at = quoteAfter(bytes, processAt, to)
  found[1] = processes.numberOfText(view, bytes, processAt, at)
  return found[1] < 0 ? nowhere : at
}

/** Whether the closing brace and the end of the line are all that is left. */
export const ends = (bytes: Buffer, at: number, to: number): boolean =>
  at + 1 < to && bytes[at] === codes.brace && bytes[at + 1] === codes.newline
