/** Whole numbers as a base64 text: seven bits a byte, low ones first (LEB128). A hundred thousand holds are a megabyte, not five. */
export class Packer {
  #bytes = Buffer.alloc(1 << 16)
  #size = 0

  /** A whole number from 0 on; larger than 2^53 is none. */
  add(value: number): void {
    if (this.#size + 8 > this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes], this.#bytes.length * 2)
    let rest = value
    while (rest >= 0x80) {
      this.#bytes[this.#size++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    this.#bytes[this.#size++] = rest
  }

  /** A whole number of either sign: 0, -1, 1, -2, … become 0, 1, 2, 3, … */
  addSigned(value: number): void {
    this.add(value >= 0 ? value * 2 : value * -2 - 1)
  }

  text(): string {
    return this.#bytes.toString('base64', 0, this.#size)
  }
}
