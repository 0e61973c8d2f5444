import { randomUUID } from 'node:crypto'
import { attempt } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { retrying } from '../nodes.ts'
import { openPrimary } from '../primary.ts'

const takeAndCount = luaScript(import.meta.url, 'fence-by-counter.lua')
const releaseIfMine = luaScript(import.meta.url, '../release.lua')

/**
 * Bug: fences from an INCR beside the lock. The counter lives and dies with the Redis that it is to protect against: a promoted replica
 * that lagged counts on from an older number, and hands out fences that were handed out before (Redisson's FencedLock counts so; redisson#6510 is about these
 * counters). A store that refuses lower fences then refuses the living and accepts the dead.
 */
export default {
  name: 'fence-by-counter',
  topologies: ['single', 'sentinel'],
  capabilities: { fencing: true },
  bookkeeping: ['fence:*'],
  async open(env) {
    const redis = await openPrimary(env)
    return {
      acquire(key, { ttlMs, waitMs, signal }): Promise<(Held & { fence: number }) | null> {
        const token = randomUUID()
        return retrying({ waitMs, signal }, async () => {
          const fence = await attempt(redis, () => takeAndCount(redis, [key, `fence:${key}`], token, String(ttlMs)))
          return Number(fence) > 0 ? { key, token, fence: Number(fence) } : null
        })
      },
      release: async ({ key, token }: Held) => (await attempt(redis, () => releaseIfMine(redis, [key], token))) === 1,
    }
  },
} satisfies Lock
