const pageBits = 12
const pageSize = 1 << pageBits

/**
 * A map from operation numbers to small integers, for millions of them. Operations are dense within a server, and each server has a
 * range of its own: pages of numbers cost four bytes an operation and a tenth of a Map's time.
 */
export class OpTable {
  readonly #pages = new Map<number, Int32Array>()
  #lastNumber = -1
  #lastPage: Int32Array = new Int32Array(0)
  /** Two servers take turns in a history. */
  #otherNumber = -1
  #otherPage = this.#lastPage

  /** -1 where nothing was set. */
  get(op: number): number {
    const page = this.#page(op, false)
    return page === undefined ? -1 : page[op % pageSize]! - 1
  }

  set(op: number, value: number): void {
    this.#page(op, true)![op % pageSize] = value + 1
  }

  #page(op: number, make: boolean): Int32Array | undefined {
    // Almost all are small enough for the machine's own integers.
    const number = op < 2 ** 31 ? op >> pageBits : Math.floor(op / pageSize)
    if (number === this.#lastNumber) return this.#lastPage
    if (number === this.#otherNumber) return this.#otherPage
    let page = this.#pages.get(number)
    if (page === undefined) {
      if (!make) return undefined
      this.#pages.set(number, (page = new Int32Array(pageSize)))
    }
    this.#otherNumber = this.#lastNumber
    this.#otherPage = this.#lastPage
    this.#lastNumber = number
    this.#lastPage = page
    return page
  }
}
