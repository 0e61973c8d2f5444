import { randomUUID } from 'node:crypto'
import { attempt } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { pause } from '../pause.ts'

const pollMs = 15
/** What is handed on must last for one more piece of work. */
const enoughOf = 0.6
const releaseIfMine = luaScript(import.meta.url, '../release.lua')

interface Lease extends Held {
  untilMs: number
}
type Wake = (lease: Lease) => void

/**
 * Bug: a server that has the lease lets its own waiters use it one after the other, which saves the way to Redis, and its release wakes all of them where it
 * ought to wake one: `notifyAll`, and whoever wakes finds the lease there and goes in. Herds are where it shows (consul#9469 wakes all as well, and lets
 * them ask again).
 */
export default {
  name: 'wakes-all',
  topologies: ['single', 'sentinel'],
  open(env) {
    const redis = env.connect()
    const waiting = new Map<string, Set<Wake>>()

    /** A lease that is handed on, or nothing after a moment. */
    async function handedOn(key: string, signal: AbortSignal): Promise<Lease | undefined> {
      const waiters = waiting.get(key) ?? new Set()
      waiting.set(key, waiters)
      const { promise, resolve } = Promise.withResolvers<Lease>()
      waiters.add(resolve)
      const lease = await Promise.race([promise, pause(pollMs, signal).then(() => undefined)])
      waiters.delete(resolve)
      return lease
    }

    return {
      async acquire(key, { ttlMs, waitMs, signal }): Promise<Lease | null> {
        const token = randomUUID()
        const giveUpAt = performance.now() + waitMs
        while (true) {
          const untilMs = performance.now() + ttlMs
          const reply = await attempt(redis, () => redis.set(key, token, 'PX', ttlMs, 'NX'))
          if (reply === 'OK' && performance.now() < untilMs) return { key, token, untilMs: untilMs - ttlMs * enoughOf }
          if (signal.aborted || performance.now() + pollMs > giveUpAt) return null
          const lease = await handedOn(key, signal)
          if (lease) return lease
        }
      },
      async release(held: Held) {
        const lease = held as Lease
        const waiters = [...(waiting.get(lease.key) ?? [])]
        if (waiters.length > 0 && performance.now() < lease.untilMs) {
          for (const wake of waiters) wake(lease)
          return true
        }
        return (await attempt(redis, () => releaseIfMine(redis, [lease.key], lease.token))) === 1
      },
    }
  },
} satisfies Lock
