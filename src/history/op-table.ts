const pageBits = 15
const pageSize = 1 << pageBits
/** Numbers of which fewer than one in so many are used are sparse; a few pages more or less are not worth a thought. */
const sparse = 32
const pagesFree = 16

/**
 * A map from operation numbers to small integers that are not negative, for millions of them. Our operations are dense within a server, and each
 * server has a range of its own: pages of numbers cost four bytes an operation and a tenth of a Map's time. Pages are large, because V8 may collect
 * garbage at each that it allocates; one that is hardly used takes hardly any memory. A history of another make may have numbers that lie far apart, as
 * times do, and is kept in a Map.
 */
export class OpTable {
  #pages = new Map<number, Int32Array>()
  #lastNumber = -1
  #lastPage: Int32Array = new Int32Array(0)
  /** Two servers take turns in a history. */
  #otherNumber = -1
  #otherPage = this.#lastPage
  #settings = 0
  #far: Map<number, number> | undefined

  /** -1 where nothing was set. */
  get(op: number): number {
    if (this.#far !== undefined) return this.#far.get(op) ?? -1
    const page = this.#page(op)
    return page === undefined ? -1 : page[op % pageSize]! - 1
  }

  set(op: number, value: number): void {
    this.#settings++
    if (this.#far === undefined) {
      const page = this.#page(op) ?? this.#newPage(op)
      if (page !== undefined) {
        page[op % pageSize] = value + 1
        return
      }
    }
    this.#far!.set(op, value)
  }

  #page(op: number): Int32Array | undefined {
    const number = numberOf(op)
    if (number === this.#lastNumber) return this.#lastPage
    if (number === this.#otherNumber) return this.#otherPage
    const page = this.#pages.get(number)
    return page && this.#turnTo(number, page)
  }

  #turnTo(number: number, page: Int32Array): Int32Array {
    this.#otherNumber = this.#lastNumber
    this.#otherPage = this.#lastPage
    this.#lastNumber = number
    return (this.#lastPage = page)
  }

  /** Undefined where the numbers turn out to be sparse: from there on they are in the Map. */
  #newPage(op: number): Int32Array | undefined {
    if (this.#pages.size >= pagesFree && this.#pages.size * pageSize > this.#settings * sparse) {
      this.#far = new Map()
      for (const [number, page] of this.#pages)
        for (const [index, entry] of page.entries()) if (entry > 0) this.#far.set(number * pageSize + index, entry - 1)
      this.#pages.clear()
      return undefined
    }
    const number = numberOf(op)
    const page = new Int32Array(pageSize)
    this.#pages.set(number, page)
    return this.#turnTo(number, page)
  }
}

/** Almost all are small enough for the machine's own integers. */
const numberOf = (op: number) => (op < 2 ** 31 ? op >> pageBits : Math.floor(op / pageSize))
