import { randomUUID } from 'node:crypto'
import { attempt } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { retrying } from '../nodes.ts'
import { openPrimary } from '../primary.ts'

const releaseIfMine = luaScript(import.meta.url, '../release.lua')

/**
 * Bug: when it connects it deletes the locks that this server left behind in an earlier life, so that a crash costs nobody a TTL. Written for
 * the start of the process, and hung on the client's `ready` event, which comes after every reconnection as well: a failover, a proxy that was restarted,
 * a CLIENT KILL, and the locks of its own live callers are gone.
 */
export default {
  name: 'cleans-up-on-connect',
  topologies: ['single', 'sentinel'],
  async open(env) {
    const redis = await openPrimary(env)
    const keys = new Set<string>()
    const cleanUp = async () => {
      for (const key of keys) {
        const holder = await redis.get(key).catch(() => null)
        if (holder?.startsWith(`${env.server}:`)) await releaseIfMine(redis, [key], holder).catch(() => {})
      }
    }
    redis.on('ready', () => void cleanUp())
    return {
      acquire(key, { ttlMs, waitMs, signal }): Promise<Held | null> {
        const token = `${env.server}:${randomUUID()}`
        keys.add(key)
        return retrying({ waitMs, signal }, async () => {
          const reply = await attempt(redis, () => redis.set(key, token, 'PX', ttlMs, 'NX'))
          return reply === 'OK' ? { key, token } : null
        })
      },
      release: async ({ key, token }: Held) => (await attempt(redis, () => releaseIfMine(redis, [key], token))) === 1,
    }
  },
} satisfies Lock
