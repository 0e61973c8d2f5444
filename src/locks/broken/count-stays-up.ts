import { randomUUID } from 'node:crypto'
import { attempt } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { pause } from '../pause.ts'

const pollMs = 15
const releaseIfMine = luaScript(import.meta.url, '../release.lua')

/**
 * Bug: reentrant per process, with a count that goes down only after a release that worked. A release that is refused (MISCONF refuses DEL as well) leaves
 * the count at one, and every later caller of this process enters as if it were the holder, without asking Redis. redisson#6025 and #1966 are counts that
 * never reach zero; Spring's registry keeps such a count beside the Redis key (spring-integration#11146).
 */
export default {
  name: 'count-stays-up',
  topologies: ['single', 'sentinel'],
  open(env) {
    const redis = env.connect()
    /** Of this process: who holds, and how often it entered. */
    const counts = new Map<string, { token: string; count: number }>()
    /** Callers of this process take turns, so that the count is for nested calls of one holder alone. */
    const busy = new Set<string>()

    return {
      async acquire(key, { ttlMs, waitMs, signal }): Promise<Held | null> {
        const token = randomUUID()
        const giveUpAt = performance.now() + waitMs
        while (true) {
          if (!busy.has(key)) {
            busy.add(key)
            const mine = counts.get(key)
            if (mine) {
              mine.count++
              return { key, token: mine.token }
            }
            const reply = await attempt(redis, () => redis.set(key, token, 'PX', ttlMs, 'NX')).catch((error: Error) => {
              busy.delete(key)
              throw error
            })
            if (reply === 'OK') {
              counts.set(key, { token, count: 1 })
              return { key, token }
            }
            busy.delete(key)
          }
          if (signal.aborted || performance.now() + pollMs > giveUpAt) return null
          await pause(pollMs, signal)
        }
      },
      async release({ key, token }: Held) {
        busy.delete(key)
        const mine = counts.get(key)
        if (mine && mine.count > 1) return --mine.count >= 1
        const released = await attempt(redis, () => releaseIfMine(redis, [key], token))
        counts.delete(key)
        return released === 1
      },
    }
  },
} satisfies Lock
