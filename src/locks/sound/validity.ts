/** Clocks of machines do not run alike, and a timer may be late: what a lease claims less than it asked for. */
const driftMs = (ttlMs: number) => ttlMs * 0.02 + 5

/** What is left of a lease that was asked for at `askedMs` (performance.now()), in ms; the server cannot have begun to count earlier. */
export const validFor = (ttlMs: number, askedMs: number): number =>
  Math.floor(ttlMs - driftMs(ttlMs) - (performance.now() - askedMs))

/** Whether there is enough left of it to be worth a grant. */
export const isWorthIt = (validForMs: number, ttlMs: number): boolean => validForMs > ttlMs / 10

/** The lease's end as a signal: it fires when the validity is over, unless that was prolonged or the lease given back before. */
export class Validity {
  readonly #controller = new AbortController()
  #timer: NodeJS.Timeout | undefined

  constructor(validForMs: number) {
    this.prolong(validForMs)
  }

  get lost(): AbortSignal {
    return this.#controller.signal
  }

  /** From now on. */
  prolong(validForMs: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.lose(), Math.max(0, validForMs)).unref()
  }

  lose(): void {
    clearTimeout(this.#timer)
    this.#controller.abort(new Error('the lease is over'))
  }

  /** Given back: what is over is not lost. */
  end(): void {
    clearTimeout(this.#timer)
  }
}
