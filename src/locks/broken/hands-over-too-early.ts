import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { plain } from '../plain.ts'

/**
 * Bug: callers of one server queue in its memory, and the lease is handed from one to the next without a word to Redis, which saves most of the traffic. But its release sends the
 * DEL and then looks whether anybody waits: the next one goes on with a lease that is being deleted, and another server gets in. Order is all that is wrong
 * (spring-integration#11146 releases its local lock around its Redis lock in the wrong order, too).
 */
export default {
  name: 'hands-over-too-early',
  topologies: ['single', 'sentinel'],
  open(env) {
    const right = plain(env.connect())
    /** Callers of this server that wait for the lease of one that is inside. */
    const waiters = new Map<string, ((held: Held) => void)[]>()

    return {
      async acquire(key, waiting): Promise<Held | null> {
        const queue = waiters.get(key)
        if (queue === undefined) {
          waiters.set(key, [])
          const held = await right.acquire(key, waiting).catch((error: unknown) => {
            waiters.delete(key)
            throw error
          })
          if (held === null) waiters.delete(key)
          return held
        }
        const { promise, resolve } = Promise.withResolvers<Held | null>()
        const timer = setTimeout(() => {
          queue.splice(queue.indexOf(resolve), 1)
          resolve(null)
        }, waiting.waitMs)
        queue.push(resolve)
        return promise.finally(() => clearTimeout(timer))
      },
      async release(held: Held) {
        const released = right.release(held)
        const next = waiters.get(held.key)?.shift()
        if (next === undefined) waiters.delete(held.key)
        else next({ ...held })
        return released
      },
    }
  },
} satisfies Lock
