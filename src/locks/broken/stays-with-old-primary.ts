import { randomUUID } from 'node:crypto'
import { connected } from '../connected.ts'
import { attempt } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { retrying } from '../nodes.ts'

const releaseIfMine = luaScript(import.meta.url, '../release.lua')
const timeoutMs = 800

/**
 * Bug: it asks Sentinel for the primary when it connects and never again while the connection stands (ioredis#1314, #1059:
 * `failoverDetector` is off by default). A primary that only its clients still reach is replaced without their noticing: they lock on a node
 * that has been deposed, and everybody else on its successor.
 */
export default {
  name: 'stays-with-old-primary',
  topologies: ['sentinel'],
  async open(env) {
    const redis = env.connect(0, { commandTimeout: timeoutMs, maxRetriesPerRequest: 0, enableOfflineQueue: false })
    await connected(redis, 2000)
    return {
      acquire(key, { ttlMs, waitMs, signal }): Promise<Held | null> {
        const token = randomUUID()
        return retrying({ waitMs, signal }, async () => {
          const reply = await attempt(redis, () => redis.set(key, token, 'PX', ttlMs, 'NX'))
          return reply === 'OK' ? { key, token } : null
        })
      },
      release: async ({ key, token }: Held) => (await attempt(redis, () => releaseIfMine(redis, [key], token))) === 1,
    }
  },
} satisfies Lock
