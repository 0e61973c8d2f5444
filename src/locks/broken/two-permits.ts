import { randomUUID } from 'node:crypto'
import { attempt } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { pause } from '../pause.ts'

const pollMs = 10
const takePermit = luaScript(import.meta.url, './take-permit.lua')

/**
 * Bug: a semaphore of one permit. Taking it is idempotent, by a mark with the request's own name; giving it back is an INCR. When the reply of that is lost and
 * ioredis sends it again, there are two permits, and from then on two holders, for ever. Counting semaphores are written so, and work
 * until the first reconnect at the wrong moment.
 */
export default {
  name: 'two-permits',
  topologies: ['single', 'sentinel'],
  bookkeeping: ['permits:*'],
  open(env) {
    const redis = env.connect()
    return {
      async acquire(key, { ttlMs, waitMs, signal }): Promise<Held | null> {
        const token = randomUUID()
        const keys = [`permits:${key}`, `${key}:${token}`]
        const giveUpAt = performance.now() + waitMs
        while (true) {
          if ((await attempt(redis, () => takePermit(redis, keys, ttlMs))) === 1) return { key, token }
          if (signal.aborted || performance.now() + pollMs > giveUpAt) return null
          await pause(pollMs, signal)
        }
      },
      async release({ key, token }: Held) {
        await redis.del(`${key}:${token}`)
        await redis.incr(`permits:${key}`)
        return true
      },
    }
  },
} satisfies Lock
