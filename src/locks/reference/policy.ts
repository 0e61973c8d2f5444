import type { LockEvent } from './events.ts'
import type { Keeper, Strategy, Taken } from './strategy.ts'

/**
 * What to do when Redis cannot say whether the lock is free (seed: FallbackPolicy). It is asked when a call's tries on Redis have
 * failed for `patienceMs` or until its `waitMs` was over, and at once where the circuit breaker is open. Contention is no failure:
 * a policy is never asked because somebody else has the lock.
 */
export interface FallbackPolicy {
  name: string
  /** How long a call goes on trying on Redis, within its `waitMs`, before the policy is asked. Infinity: for all of it. */
  patienceMs: number
  /**
   * Goes around the strategy, once, before its first use: a policy whose grants must exclude holders on Redis too has its word in every
   * grant on Redis as well. Default: the strategy as it is.
   */
  guard?(strategy: Strategy): Strategy
  /**
   * Grants elsewhere, or throws `failure` (or another error; `definite: true` where nothing was applied), or `null`: contended there
   * until `waitMs` was over. Settles within `waitMs` and two seconds, or within a bound of its own that its options name.
   */
  acquire(request: FallbackRequest): Promise<FallbackGrant | null>
  close?(): Promise<void>
}

export interface FallbackRequest {
  key: string
  /** Fresh: never sent anywhere. */
  token: string
  ttlMs: number
  /** What is left of the call's patience. */
  waitMs: number
  signal: AbortSignal
  /** Why Redis could not say; `definite` if no try of this call can have been applied. What may have been is being cleaned up. */
  failure: Error
  /**
   * Waits for the lock on Redis again, as the call did: a grant, or `null` where others had it until `waitMs` was over. Rejects where Redis
   * still cannot say.
   */
  again(waitMs: number): Promise<FallbackGrant | null>
  report(event: LockEvent): void
}

export type FallbackGrant = Omit<Taken, 'taken'> & { token: string; keeper: Keeper }

/** Opens once per `createLocks`; throws UsageError for bad options. */
export type OpenPolicy<Options> = (options: Options) => FallbackPolicy
