import { randomUUID } from 'node:crypto'
import { attempt } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { retrying } from '../nodes.ts'
import { openPrimary } from '../primary.ts'

const releaseIfMine = luaScript(import.meta.url, '../release.lua')
const waitMaxMs = 100

/**
 * Bug: it sends WAIT after its SET, so that a replica has the lock before anybody works under it, and does not look at the answer. WAIT does
 * not fail: it says how many replicas confirmed, and 0 is one of the numbers. With a replica that lags or is cut off, every grant is on the primary alone, and
 * gone when that dies.
 */
export default {
  name: 'wait-ignored',
  topologies: ['sentinel'],
  async open(env) {
    const redis = await openPrimary(env)
    return {
      acquire(key, { ttlMs, waitMs, signal }): Promise<Held | null> {
        const token = randomUUID()
        return retrying({ waitMs, signal }, async () => {
          const reply = await attempt(redis, () => redis.set(key, token, 'PX', ttlMs, 'NX'))
          if (reply !== 'OK') return null
          await redis.wait(1, waitMaxMs)
          return { key, token }
        })
      },
      release: async ({ key, token }: Held) => (await attempt(redis, () => releaseIfMine(redis, [key], token))) === 1,
    }
  },
} satisfies Lock
