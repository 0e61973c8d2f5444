import { randomUUID } from 'node:crypto'
import { attempt } from './definite.ts'
import type { Held } from './held.ts'
import type { Lock } from './lock.ts'
import { luaScript } from './lua.ts'
import { pause } from './pause.ts'

const pollMs = 20
const releaseIfMine = luaScript(import.meta.url, 'release.lua')

/**
 * The plain lock of the Redis documentation: SET NX PX with a random token, polled at a fixed delay, freed by compare-and-delete.
 * It has ioredis' defaults and their habits: a SET whose reply was lost is sent again, and then refused by its own key until that
 * expires; an outage is waited for in the offline queue. Nothing tells it that its lease ran out.
 * https://redis.io/docs/latest/develop/use/patterns/distributed-locks/#correct-implementation-with-a-single-instance
 */
export default {
  name: 'set-nx',
  topologies: ['single', 'sentinel'],
  open(env) {
    const redis = env.connect()
    return {
      async acquire(key, { ttlMs, waitMs, signal }) {
        const token = randomUUID()
        const giveUpAt = performance.now() + waitMs
        while (true) {
          const reply = await attempt(redis, () => redis.set(key, token, 'PX', ttlMs, 'NX'))
          if (reply === 'OK') return { key, token }
          if (signal.aborted || performance.now() + pollMs > giveUpAt) return null
          await pause(pollMs, signal)
        }
      },
      async release({ key, token }: Held) {
        return (await attempt(redis, () => releaseIfMine(redis, [key], token))) === 1
      },
    }
  },
} satisfies Lock
