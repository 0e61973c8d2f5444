import type { BreakerState } from './events.ts'

/** All times in ms. */
export interface BreakerOptions {
  /** Share of failed tries, 0 to 1, at which it opens (0.6). */
  failureRate: number
  /** Over what time the share is taken (10 000), and of how many tries at least (10). */
  windowMs: number
  minimumTries: number
  /** How long it stays open (30 000). */
  openForMs: number
  /** Tries that it lets through when half open (3). */
  probes: number
}

/** Goes around every try on Redis, not around extensions and releases. A try that finds the lock busy is no failure. */
export interface Breaker {
  readonly state: BreakerState
  /** Rejects with a `definite` BreakerOpenError, without calling `work`, while it is open. */
  execute<Result>(work: () => Promise<Result>): Promise<Result>
  onState(listener: (state: BreakerState) => void): void
}
