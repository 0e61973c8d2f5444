import { setTimeout as sleep } from 'node:timers/promises'
import { definite, isDefinite } from '../../definite.ts'
import { jittered } from '../lease.ts'
import type { FallbackPolicy } from '../policy.ts'

export interface QueueOptions {
  /** How many calls of one process wait at most (1000). */
  queueLength?: number
  /** How long one waits at most, if its own `waitMs` is not longer (5000). */
  queueMs?: number
}

/** There are `queueLength` calls waiting already. */
export class QueueFullError extends Error {
  override name = 'QueueFullError'
}

/** Redis could not say for `queueMs`. */
export class QueueTimeoutError extends Error {
  override name = 'QueueTimeoutError'
}

const firstDelayMs = 50
const delayMaxMs = 500

/**
 * Where Redis cannot say, the call waits and tries again, less and less often, instead of failing: bounded in number and in time, which
 * may be longer than its `waitMs`. Each delay is told by a `queued` event; a full queue and a wait that was too long by errors of their
 * own, whose `cause` is what Redis said last.
 */
export function openQueue({ queueLength = 1000, queueMs = 5000 }: QueueOptions = {}): FallbackPolicy {
  const closing = new AbortController()
  let waiting = 0

  return {
    name: 'queue',
    patienceMs: 0,
    async acquire({ key, waitMs, failure, again, report, ...asked }) {
      const signal = AbortSignal.any([asked.signal, closing.signal])
      const giveUpAtMs = performance.now() + Math.max(waitMs, queueMs)
      let doubt = !isDefinite(failure)
      let cause: unknown = failure
      const told = (error: Error) => (doubt ? error : definite(error))

      if (waiting >= queueLength) {
        throw told(new QueueFullError(`${queueLength} calls wait for Redis already`, { cause }))
      }
      waiting++
      try {
        for (let delayMs = firstDelayMs; !signal.aborted; delayMs = Math.min(2 * delayMs, delayMaxMs)) {
          const retryInMs = jittered(delayMs)
          if (performance.now() + retryInMs > giveUpAtMs) break
          report({ type: 'queued', key, policy: 'queue', retryInMs })
          await sleep(retryInMs, undefined, { signal }).catch(() => {})
          try {
            return await again(giveUpAtMs - performance.now())
          } catch (error) {
            doubt ||= !isDefinite(error)
            cause = error
          }
        }
      } finally {
        waiting--
      }
      if (signal.aborted) throw signal.reason
      throw told(new QueueTimeoutError(`Redis could not say for ${Math.max(waitMs, queueMs)} ms`, { cause }))
    },
    close: async () => closing.abort(definite(new Error('these locks were closed'))),
  }
}
