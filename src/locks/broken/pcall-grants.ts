import { randomUUID } from 'node:crypto'
import { connected } from '../connected.ts'
import { attempt } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { retrying } from '../nodes.ts'

const takeIfFree = luaScript(import.meta.url, 'pcall-grants.lua')
const releaseIfMine = luaScript(import.meta.url, '../release.lua')
const timeoutMs = 800

/**
 * Bug: an acquire script that writes by `redis.pcall` and does not look at what that returned. On a node that refuses writes (READONLY after a
 * failover, OOM, MISCONF) the SET fails inside the script, the script says 1, and everybody is granted a lock that no node has. Per-command errors that
 * nobody reads are the same mistake in a pipeline.
 */
export default {
  name: 'pcall-grants',
  topologies: ['single', 'sentinel'],
  async open(env) {
    const redis = env.connect(0, { commandTimeout: timeoutMs, maxRetriesPerRequest: 0, enableOfflineQueue: false })
    await connected(redis, 2000)
    return {
      acquire(key, { ttlMs, waitMs, signal }): Promise<Held | null> {
        const token = randomUUID()
        return retrying({ waitMs, signal }, async () => {
          const taken = await attempt(redis, () => takeIfFree(redis, [key], token, String(ttlMs)))
          return taken === 1 ? { key, token } : null
        })
      },
      release: async ({ key, token }: Held) => (await attempt(redis, () => releaseIfMine(redis, [key], token))) === 1,
    }
  },
} satisfies Lock
