import { setTimeout as sleep } from 'node:timers/promises'
import { extend, stamped, type Counter, type Held } from './calls.ts'
import { flawOfGrant, isSignal, tellFlaw } from './contract.ts'

/**
 * One grant while the work goes on: extends it in the middle, as a careful shop does, and hears when the lock says that it lost.
 * `extends` is false where the lock cannot, or does it by itself.
 */
export class Lease {
  #lost = false
  #extendAtMs: number
  readonly #counter: Counter
  readonly #process: string
  readonly #held: Held
  readonly #extends: boolean
  readonly #signal: AbortSignal | undefined

  constructor(counter: Counter, process: string, held: Held, options: { extends: boolean }) {
    this.#counter = counter
    this.#process = process
    this.#held = held
    this.#extends = options.extends
    const { validForMs, lost } = held.grant
    const flaw = flawOfGrant(held.grant)
    if (flaw !== undefined) tellFlaw(counter, process, flaw)
    this.#extendAtMs = performance.now() + (Number.isFinite(validForMs) ? validForMs! : counter.ttlMs) / 2
    if (!isSignal(lost)) return
    this.#signal = lost
    if (lost.aborted) this.#onLost()
    else lost.addEventListener('abort', this.#onLost, { once: true })
  }

  /** The lock knows that it lost: `lost` has fired, or an extension was refused. */
  get lost(): boolean {
    return this.#lost
  }

  /**
   * Waits. Where the wait outlasts half of the lease's validity, it extends at that half, and again at the next; when that is refused,
   * it comes back early if `obeysLost`. An extension of which nobody knows whether it happened is tried again soon, while there is time.
   */
  async work(forMs: number, { obeysLost }: { obeysLost: boolean }): Promise<void> {
    const endAtMs = performance.now() + forMs
    let extending = this.#extends
    for (;;) {
      if (this.#lost && obeysLost) return
      const wakeAtMs = extending && !this.#lost ? Math.min(endAtMs, this.#extendAtMs) : endAtMs
      const waitMs = wakeAtMs - performance.now()
      // A timer counts whole milliseconds: rounded, so that the scenario's durations hold on average.
      if (waitMs > 0) await sleep(Math.max(1, Math.round(waitMs)))
      if (wakeAtMs === endAtMs) return
      const extension = await extend(this.#counter, this.#process, this.#held)
      if (extension.answer === 'lost') this.#lost = true
      const { ttlMs } = this.#counter
      const againMs = extension.answer === 'extended' ? Math.max(2, extension.validForMs) / 2 : Math.max(10, ttlMs / 10)
      this.#extendAtMs = performance.now() + againMs
      if (performance.now() >= endAtMs) extending = false
    }
  }

  /** Before the release: what the lock says afterwards concerns nobody. */
  end(): void {
    this.#signal?.removeEventListener('abort', this.#onLost)
  }

  readonly #onLost = () => {
    this.#lost = true
    const { op: grant, key } = this.#held
    const event = { process: this.#process, type: 'info', f: 'lost', op: this.#counter.nextOp(), key, grant } as const
    this.#counter.record(stamped(this.#counter, event, this.#signal?.reason))
  }
}
