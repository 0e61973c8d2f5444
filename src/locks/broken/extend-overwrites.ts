import { randomUUID } from 'node:crypto'
import { attempt } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { pause } from '../pause.ts'

const pollMs = 15
const releaseIfMine = luaScript(import.meta.url, '../release.lua')

/**
 * Bug: it extends with SET XX, which asks whether the key is there and not whose it is. A holder that lost its lease (evicted, flushed, expired) takes the next
 * holder's, and both go on; RedLock.net#48 and #93 are the same resurrection where nobody holds the key in between. Its release compares, finds its own token, and frees
 * what the other one believes to hold.
 */
export default {
  name: 'extend-overwrites',
  topologies: ['single', 'sentinel'],
  capabilities: { extend: true },
  open(env) {
    const redis = env.connect()
    return {
      async acquire(key, { ttlMs, waitMs, signal }): Promise<Held | null> {
        const token = randomUUID()
        const giveUpAt = performance.now() + waitMs
        while (true) {
          const reply = await attempt(redis, () => redis.set(key, token, 'PX', ttlMs, 'NX'))
          if (reply === 'OK') return { key, token }
          if (signal.aborted || performance.now() + pollMs > giveUpAt) return null
          await pause(pollMs, signal)
        }
      },
      async extend({ key, token }: Held, ttlMs) {
        return (await redis.set(key, token, 'PX', ttlMs, 'XX')) === 'OK'
      },
      async release({ key, token }: Held) {
        return (await attempt(redis, () => releaseIfMine(redis, [key], token))) === 1
      },
    }
  },
} satisfies Lock
