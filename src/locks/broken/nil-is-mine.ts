import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import { attempt } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { pause } from '../pause.ts'

const pollMs = 10
const connectedMs = 1000
const releaseIfMine = luaScript(import.meta.url, '../release.lua')

/**
 * Bug: it knows of the lock that refuses itself (redlock PR#369, redlock-rb#76: the reply of a SET is lost, the second SET meets the first one's key) and mends it by
 * halves: a nil right after a broken connection "must be our own key". It may as well be anybody else's; only the token tells.
 */
export default {
  name: 'nil-is-mine',
  topologies: ['single', 'sentinel'],
  open(env) {
    const redis = env.connect(0, { maxRetriesPerRequest: 0, autoResendUnfulfilledCommands: false })

    async function take(key: string, token: string, ttlMs: number): Promise<boolean> {
      const set = () => redis.set(key, token, 'PX', ttlMs, 'NX')
      try {
        return (await attempt(redis, set)) === 'OK'
      } catch (error) {
        if (error instanceof Error && 'definite' in error) throw error
        await isBack(redis)
        await attempt(redis, set)
        return true
      }
    }

    return {
      async acquire(key, { ttlMs, waitMs, signal }): Promise<Held | null> {
        const token = randomUUID()
        const giveUpAt = performance.now() + waitMs
        while (true) {
          const sentAt = performance.now()
          if (await take(key, token, ttlMs)) return { key, token, validForMs: sentAt + ttlMs - performance.now() }
          if (signal.aborted || performance.now() + pollMs > giveUpAt) return null
          await pause(pollMs, signal)
        }
      },
      async release({ key, token }: Held) {
        return (await attempt(redis, () => releaseIfMine(redis, [key], token))) === 1
      },
    }
  },
} satisfies Lock

async function isBack(redis: Redis): Promise<void> {
  for (const endAt = performance.now() + connectedMs; redis.status !== 'ready' && performance.now() < endAt;)
    await new Promise((resolve) => setTimeout(resolve, 5))
}
