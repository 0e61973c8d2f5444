import type { Lease } from './lease.ts'
import { newToken } from './lease.ts'
import { soon } from './soon.ts'

/** What a caller asks for. */
export interface Want {
  key: string
  ttlMs: number
  /** 0: one try. */
  waitMs: number
  signal: AbortSignal | undefined
  startedMs: number
  /** Counts the tries on Redis that are made for this caller. */
  attempts: number
}

/** A caller who stands in a queue until he is told what became of his wish. */
export interface Waiter {
  readonly want: Want
  token: string
  /** Of a try whose fate nobody knows. */
  doubt: Error | undefined
  /** His time was over while a try was under way: that one decides. */
  overdue: boolean
  /** He was told. */
  settled: boolean
  timer: NodeJS.Timeout | undefined
  onAbort: (() => void) | undefined
  readonly resolve: (lease: Lease | null) => void
  readonly reject: (reason: unknown) => void
}

export interface Waiters {
  open(want: Want, resolve: Waiter['resolve'], reject: Waiter['reject']): Waiter
  settle(waiter: Waiter, lease: Lease | null): void
  fail(waiter: Waiter, reason: unknown): void
}

/**
 * Listens to what ends a wait from outside, the caller's signal and the end of his time, for those who wait for more than a moment.
 *
 * @param aborted the signal has fired
 * @param overdue the time is over
 */
export function waiters(aborted: (waiter: Waiter) => void, overdue: (waiter: Waiter) => void): Waiters {
  const attendSoon = soon(attend)
  // Once he was told: it is he who matters.
  const ceaseSoon = soon(cease)

  function attend(waiter: Waiter): void {
    if (waiter.settled) return
    const { signal, startedMs, waitMs } = waiter.want
    if (signal?.aborted) return aborted(waiter)
    signal?.addEventListener('abort', (waiter.onAbort = () => ended(waiter, aborted)))
    waiter.timer = setTimeout(ended, Math.max(0, startedMs + waitMs - performance.now()), waiter, overdue)
  }

  function ended(waiter: Waiter, how: (waiter: Waiter) => void): void {
    if (!waiter.settled) how(waiter)
  }

  function leave(waiter: Waiter): void {
    waiter.settled = true
    if (waiter.timer) ceaseSoon(waiter)
  }

  function cease({ want, timer, onAbort }: Waiter): void {
    clearTimeout(timer)
    if (onAbort) want.signal?.removeEventListener('abort', onAbort)
  }

  return {
    open(want, resolve, reject) {
      const waiter: Waiter = {
        want,
        token: newToken(),
        doubt: undefined,
        overdue: false,
        settled: false,
        timer: undefined,
        onAbort: undefined,
        resolve,
        reject,
      }
      attendSoon(waiter)
      return waiter
    },
    settle(waiter, lease) {
      leave(waiter)
      waiter.resolve(lease)
    },
    fail(waiter, reason) {
      leave(waiter)
      waiter.reject(reason)
    },
  }
}
