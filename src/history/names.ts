/** Names that are found by their bytes: as many as a history has processes and keys, as long as they are. */
const slots = 4096
const slotBytes = 64

/** Few names, in millions of events: each is kept once, and has a number. */
export class Names {
  readonly list: string[] = []
  readonly #numbers = new Map<string, number>()
  /** Names as they were read last; only a history that is read from a file has any. */
  #recent: Recent | undefined

  numberOf(name: string): number {
    let number = this.#numbers.get(name)
    if (number === undefined) this.#numbers.set(name, (number = this.list.push(name) - 1))
    return number
  }

  /**
   * The number of a name that stands between two quotes in a JSON text; no string is made of one that was read before. -1 where it is not plain.
   * @param view of the same bytes
   */
  numberOfText(view: DataView, bytes: Buffer, from: number, to: number): number {
    const recent = (this.#recent ??= new Recent())
    // With the quotes a short name, too, is four bytes long.
    const start = from - 1
    const length = to + 1 - start
    if (length < 4 || length > slotBytes) return this.#ofText(bytes, from, to)
    const hash = Math.imul(view.getInt32(start, true) ^ view.getInt32(start + length - 4, true), 0x9e3779b1) + length
    const slot = (hash >>> 16) & (slots - 1)
    if (recent.has(slot, view, start, length)) return recent.numbers[slot]!
    const number = this.#ofText(bytes, from, to)
    if (number >= 0) recent.set(slot, bytes, start, length, number)
    return number
  }

  #ofText(bytes: Buffer, from: number, to: number): number {
    return to <= bytes.length && isPlain(bytes, from, to) ? this.numberOf(bytes.toString('latin1', from, to)) : -1
  }
}

/** The number of the last name of each hash, and its bytes. */
class Recent {
  readonly numbers = new Int32Array(slots)
  readonly #lengths = new Uint8Array(slots)
  readonly #bytes = new DataView(new ArrayBuffer(slots * slotBytes))

  /** Four bytes at a time; the last four may overlap those before them. */
  has(slot: number, view: DataView, from: number, length: number): boolean {
    if (this.#lengths[slot] !== length) return false
    const kept = this.#bytes
    const start = slot * slotBytes
    const last = length - 4
    for (let i = 0; i < last; i += 4) if (kept.getInt32(start + i, true) !== view.getInt32(from + i, true)) return false
    return kept.getInt32(start + last, true) === view.getInt32(from + last, true)
  }

  set(slot: number, bytes: Buffer, from: number, length: number, number: number): void {
    this.numbers[slot] = number
    this.#lengths[slot] = length
    for (let i = 0; i < length; i++) this.#bytes.setUint8(slot * slotBytes + i, bytes[from + i]!)
  }
}

/** Whether the bytes of a JSON string are its characters: ASCII that needs no escape. */
export function isPlain(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const code = bytes[at]!
    if (code < 32 || code > 126 || code === backslash) return false
  }
  return true
}

const backslash = 92
