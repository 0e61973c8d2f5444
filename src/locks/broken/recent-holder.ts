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
 * Bug: in an outage it lives on its last lease. Where Redis fails, a key that this server was granted less than a TTL ago is granted here again: "the lease has not ended, so it is still
 * ours". It was released meanwhile, and the other server, which was granted it after that, reasons in the same way. Caching the last grant for bad times is what a leader election may do,
 * which never gives its lease back; a lock may not.
 */
export default {
  name: 'recent-holder',
  topologies: ['single', 'sentinel'],
  async open(env) {
    const redis = env.connect(0, { commandTimeout: timeoutMs, enableOfflineQueue: false, maxRetriesPerRequest: 0 })
    await connected(redis, 2000)
    const leaseEnds = new Map<string, number>()
    const inside = new Set<string>()

    async function take(key: string, token: string, ttlMs: number): Promise<boolean> {
      try {
        const endsAt = performance.now() + ttlMs
        const reply = await attempt(redis, () => redis.set(key, token, 'PX', ttlMs, 'NX'))
        if (reply === 'OK') leaseEnds.set(key, endsAt)
        return reply === 'OK'
      } catch (error) {
        if (performance.now() > (leaseEnds.get(key) ?? 0)) throw error
        return !inside.has(key)
      }
    }

    return {
      async acquire(key, { ttlMs, waitMs, signal }): Promise<Held | null> {
        const token = randomUUID()
        const giveUpAt = performance.now() + waitMs
        while (true) {
          if (await take(key, token, ttlMs)) {
            inside.add(key)
            return { key, token }
          }
          if (signal.aborted || performance.now() + pollMs > giveUpAt) return null
          await pause(pollMs, signal)
        }
      },
      async release({ key, token }: Held) {
        inside.delete(key)
        return (await attempt(redis, () => releaseIfMine(redis, [key], token))) === 1
      },
    }
  },
} satisfies Lock
