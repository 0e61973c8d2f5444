import { randomUUID } from 'node:crypto'
import { connected } from '../connected.ts'
import { attempt } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { pause } from '../pause.ts'

const pollMs = 15
const timeoutMs = 250
const retryMs = 50
const releaseIfMine = luaScript(import.meta.url, '../release.lua')

/**
 * Bug: a release that failed is noted and made good after the outage, and the note has the key but not the token. By then the lease has ended by itself and the key is another's,
 * whose lease is deleted. An outbox of keys to free, as people write one against "locks that hang after a network problem" (redlock#65, #131); the offline queue of a client does
 * the same with a plain DEL.
 */
export default {
  name: 'releases-later',
  topologies: ['single', 'sentinel'],
  async open(env) {
    const redis = env.connect(0, {
      commandTimeout: timeoutMs,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      retryStrategy: () => retryMs,
    })
    await connected(redis, 2000)
    const toFree = new Set<string>()
    redis.on('ready', () => {
      for (const key of toFree) void redis.del(key).catch(() => {})
      toFree.clear()
    })

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
      async release({ key, token }: Held) {
        try {
          return (await attempt(redis, () => releaseIfMine(redis, [key], token))) === 1
        } catch (error) {
          toFree.add(key)
          throw error
        }
      },
    }
  },
} satisfies Lock
