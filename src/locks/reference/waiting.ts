import { definite, isDefinite } from '../definite.ts'
import { asking } from './asking.ts'
import type { Breaker } from './breaker.ts'
import { type Lease, newToken } from './lease.ts'
import { calm, holds } from './queue.ts'
import type { Strategy } from './strategy.ts'
import type { Want } from './waiter.ts'

/**
 * Where the callers of a process wait: a FIFO per key, of which only the first caller is a waiter on Redis. The lock goes from caller
 * to caller by one request each, until the turn of this process is over and another one stands in line.
 */
export interface WaitingRoom {
  /** `null`: contended until `waitMs` was over. Rejects with the signal's reason, or when Redis could not say. */
  acquire(want: Want): Promise<Lease | null>
  release(lease: Lease): Promise<boolean>
  /** The lease has run out and nobody released it. */
  forget(lease: Lease): void
  close(): Promise<void>
}

/** @param patienceMs after so long of failing tries a caller is told, though it could wait longer */
export function waitingRoom(strategy: Strategy, breaker: Breaker | undefined, patienceMs: number): WaitingRoom {
  const { queues, queueOf, join, turn, ask, release, tidy, dismiss, attempt } = asking(strategy, breaker, patienceMs)
  let closed = false

  strategy.onTurn((key) => {
    if (key === undefined) for (const queue of queues.values()) turn(queue)
    else {
      const queue = queues.get(key)
      if (queue && !queue.held && (queue.asking || queue.waiters.size > 0)) turn(queue)
      else void strategy.pass(key)
    }
  })

  async function tryOnce(want: Want): Promise<Lease | null> {
    const { key, ttlMs, signal } = want
    const token = newToken()
    want.attempts++
    const sentAtMs = performance.now()
    try {
      const answer = await attempt(() => strategy.tryAcquire(key, token, ttlMs, 'none'))
      if (!answer.taken) return null
      const { fence, validUntilMs } = answer
      if (validUntilMs <= performance.now()) throw new Error(`the answer took longer than the TTL of ${ttlMs} ms`)
      const lease: Lease = { key, token, fence, validUntilMs }
      holds(queueOf(key), lease, sentAtMs)
      if (!signal?.aborted) return lease
      void release(lease).catch(() => {})
    } catch (error) {
      if (!isDefinite(error)) strategy.cleanUp(key, token, sentAtMs + ttlMs)
      throw error
    }
    throw signal.reason
  }

  return {
    acquire(want) {
      const { key, waitMs, signal } = want
      if (closed) return Promise.reject(closedError())
      if (signal?.aborted) return Promise.reject(signal.reason as Error)
      if (!(waitMs > 0)) return tryOnce(want)
      return new Promise((resolve, reject) => join(queueOf(key), want, resolve, reject))
    },
    release,
    forget(lease) {
      const queue = queues.get(lease.key)
      if (queue?.held !== lease) return
      queue.held = undefined
      ask(queue)
      tidy(queue)
    },
    async close() {
      closed = true
      for (const queue of queues.values()) {
        calm(queue)
        for (const waiter of queue.waiters) dismiss(queue, waiter, closedError())
      }
      await strategy.close()
    },
  }
}

const closedError = () => definite(new Error('these locks were closed'))
