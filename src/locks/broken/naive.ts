import { randomUUID } from 'node:crypto'
import { attempt } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { pause } from '../pause.ts'

const pollMs = 10

/**
 * The classic mistake, and the control of most drills: GET, and if nobody is there, SET. Between the two round trips somebody else does
 * the same. Its release deletes whatever is there, its own lease or the next holder's.
 */
export default {
  name: 'naive',
  open(env) {
    const redis = env.connect()
    return {
      async acquire(key, { ttlMs, waitMs, signal }) {
        const token = randomUUID()
        const giveUpAt = performance.now() + waitMs
        while (true) {
          const holder = await attempt(redis, () => redis.get(key))
          if (holder === null) {
            await attempt(redis, () => redis.set(key, token, 'PX', ttlMs))
            return { key, token }
          }
          if (signal.aborted || performance.now() + pollMs > giveUpAt) return null
          await pause(pollMs, signal)
        }
      },
      async release({ key }: Held) {
        return (await attempt(redis, () => redis.del(key))) === 1
      },
    }
  },
} satisfies Lock
