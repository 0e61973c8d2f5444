import type { Keeper, Taken } from '../strategy.ts'

/**
 * A place beside Redis where leases are written down, too: this process' memory, or a table in Postgres. With `guard.ts` around the
 * strategy every grant is there, whoever gave it, so that a fallback which asks only this place excludes holders on Redis as well.
 *
 * Every call settles within its own deadline; a rejection is as a strategy's.
 */
export interface Leases extends Keeper {
  /**
   * One try; a token that has it already gets it again.
   *
   * @param fence what Redis gave to this grant: the lease's own is larger than that and than all before
   * @param stays whether the caller will ask again soon: then nobody who comes later goes first
   */
  take(key: string, token: string, ttlMs: number, asked: { fence?: string; stays: boolean }): Promise<Taken | Refused>
  /** What a taker does that will not ask again, or does not know what became of its call. */
  cleanUp(key: string, token: string, untilMs: number): void
  close(): Promise<void>
}

export interface Refused {
  taken: false
  /** Ask again after this time, or earlier. */
  retryInMs: number
}
