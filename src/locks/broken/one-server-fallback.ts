import { randomUUID } from 'node:crypto'
import { connected } from '../connected.ts'
import { attempt } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { pause } from '../pause.ts'

const pollMs = 15
const timeoutMs = 250
const releaseIfMine = luaScript(import.meta.url, '../release.lua')

/**
 * Bug: it has understood that a lock in memory is for one server, so in an outage only the first server sells, and the others fail. But it begins at once: what the others hold
 * on Redis at that moment is theirs until their leases have ended, and where only the first server is cut off they go on and on. A switch to another lock has to wait out
 * every lease of the one before. The "leader keeps trading" rule of run books; nobody's library.
 */
export default {
  name: 'one-server-fallback',
  topologies: ['single', 'sentinel'],
  async open(env) {
    const redis = env.connect(0, { commandTimeout: timeoutMs, enableOfflineQueue: false, maxRetriesPerRequest: 0 })
    await connected(redis, 2000)
    const leads = env.server === 'server-1'
    /** Keys of this server's holders, on Redis or here. */
    const inside = new Set<string>()

    async function take(key: string, token: string, ttlMs: number): Promise<'redis' | 'here' | undefined> {
      if (inside.has(key)) return undefined
      inside.add(key)
      let from: 'redis' | 'here' | undefined
      try {
        if ((await attempt(redis, () => redis.set(key, token, 'PX', ttlMs, 'NX'))) === 'OK') from = 'redis'
      } catch (error) {
        if (!leads) throw error
        from = 'here'
      } finally {
        if (from === undefined) inside.delete(key)
      }
      return from
    }

    return {
      async acquire(key, { ttlMs, waitMs, signal }): Promise<(Held & { from: 'redis' | 'here' }) | null> {
        const token = randomUUID()
        const giveUpAt = performance.now() + waitMs
        while (true) {
          const from = await take(key, token, ttlMs)
          if (from !== undefined) return { key, token, from }
          if (signal.aborted || performance.now() + pollMs > giveUpAt) return null
          await pause(pollMs, signal)
        }
      },
      async release({ key, token, from }: Held & { from: 'redis' | 'here' }) {
        inside.delete(key)
        return from === 'here' || (await attempt(redis, () => releaseIfMine(redis, [key], token))) === 1
      },
    }
  },
} satisfies Lock
