import { setTimeout as sleep } from 'node:timers/promises'

/** Keys in one request: Redis serves nobody else meanwhile, which for so many is a fraction of a millisecond. */
const batchMax = 250
const batchMin = 50
/** An answer that took longer comes from a Redis that is busy: ask for less at once. */
const slowMs = 25
const fastMs = 8

/** Keeps to a rate, and to small requests where Redis is slow to answer. */
export class Pace {
  readonly #perSecond: number
  readonly #startMs = performance.now()
  #done = 0
  #batch = batchMax

  constructor(perSecond: number) {
    this.#perSecond = perSecond
    this.#batch = Math.max(1, Math.min(batchMax, Math.ceil(perSecond / 20)))
  }

  /** How many to ask for at once. */
  get batch(): number {
    return this.#batch
  }

  /** After a request for `keys` that took `tookMs`: waits until the next may go. */
  async rest(keys: number, tookMs: number, signal: AbortSignal): Promise<void> {
    this.#done += keys
    if (tookMs > slowMs) this.#batch = Math.max(Math.min(batchMin, this.#batch), Math.floor(this.#batch / 2))
    else if (tookMs < fastMs && this.#batch < batchMax && this.#batch < this.#perSecond / 20)
      this.#batch = Math.min(batchMax, Math.ceil(this.#batch * 1.2))
    const aheadMs = (this.#done / this.#perSecond) * 1000 - (performance.now() - this.#startMs)
    if (aheadMs >= 1) await sleep(aheadMs, undefined, { signal })
  }
}
