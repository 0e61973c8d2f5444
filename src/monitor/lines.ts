/** Cuts chunks of bytes into lines, without their ends. O(bytes), in the memory of a chunk and of one line. */
export class Lines {
  /** The beginning of a line whose end has not come yet. */
  #carry: Buffer[] = []
  #carried = 0
  /** Lines that were longer than `lineMaxBytes`: what stood beyond it was not read. */
  overlong = 0
  #skipping = false
  readonly #onLine: (bytes: Buffer, start: number, end: number) => void

  constructor(onLine: (bytes: Buffer, start: number, end: number) => void) {
    this.#onLine = onLine
  }

  take(chunk: Buffer): void {
    let start = 0
    if (this.#carried > 0 || this.#skipping) {
      const end = chunk.indexOf(newline)
      if (end < 0) return this.#keep(chunk)
      this.#keep(chunk.subarray(0, end))
      this.#flush()
      start = end + 1
    }
    for (;;) {
      const end = chunk.indexOf(newline, start)
      if (end < 0) break
      if (end > start) this.#onLine(chunk, start, end)
      start = end + 1
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start))
  }

  /** What came last without an end. */
  end(): void {
    this.#flush()
  }

  #keep(part: Buffer): void {
    if (this.#skipping) return
    const room = lineMaxBytes - this.#carried
    if (part.length > room) {
      this.overlong++
      this.#skipping = true
    }
    // Copied: the chunk is its reader's, and may be filled anew.
    this.#carry.push(Buffer.from(part.subarray(0, room)))
    this.#carried += Math.min(part.length, room)
  }

  #flush(): void {
    const line = this.#carry.length === 1 ? this.#carry[0]! : Buffer.concat(this.#carry)
    this.#carry = []
    this.#carried = 0
    this.#skipping = false
    if (line.length > 0) this.#onLine(line, 0, line.length)
  }
}

const newline = 0x0a
/** A value may have 512 MB; a lock's command has hardly a thousand bytes. */
const lineMaxBytes = 1 << 20
