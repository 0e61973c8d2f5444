/** What happens to the locks of one `createLocks`, told to `onEvent` at once. Times in ms. */
export type LockEvent =
  | { type: 'acquired'; key: string; waitedMs: number; attempts: number; fence?: string; fallback?: string }
  | { type: 'contended'; key: string; waitedMs: number; attempts: number }
  | { type: 'failed'; key: string; waitedMs: number; attempts: number; definite: boolean; error: Error }
  | { type: 'released'; key: string; heldMs: number; stillOurs: boolean }
  | { type: 'release-failed'; key: string; heldMs: number; error: Error }
  | { type: 'renewed'; key: string; validForMs: number }
  | { type: 'renewal-failed'; key: string; error: Error }
  | { type: 'lost'; key: string; heldMs: number; reason: LossReason }
  | { type: 'breaker'; state: BreakerState }
  /** The policy is asked. */
  | { type: 'fallback'; key: string; policy: string; error: Error }
  /** A policy put the call off. */
  | { type: 'queued'; key: string; policy: string; retryInMs: number }

/** `taken`: Redis says that it is no longer ours. `expiring`: its end is near and nothing could be renewed. `max-hold`: held too long. */
export type LossReason = 'taken' | 'expiring' | 'max-hold'

export type BreakerState = 'closed' | 'open' | 'half-open'

/** How often each thing happened so far, and how long it took. */
export interface Counters {
  acquired: number
  contended: number
  failed: number
  released: number
  releaseFailed: number
  renewed: number
  renewalFailed: number
  lost: number
  breakerOpened: number
  fallbacks: number
  queued: number
  /** Tries on Redis. */
  attempts: number
  waitedMs: number
  heldMs: number
}
