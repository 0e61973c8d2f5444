import { randomUUID } from 'node:crypto'
import { attempt } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { pause } from '../pause.ts'

const pollMs = 20
const releaseIfMine = luaScript(import.meta.url, '../release.lua')
const persistIfMine = luaScript(import.meta.url, 'persist-if-mine.lua')

/**
 * Bug: it extends with PERSIST: a holder that needs longer shall not be interrupted at all, and its release deletes the key anyway. When that release is lost, or its process dies, the
 * key has no time to live left. redis-py's `timeout=None` is the same trade; a stuck holder that is renewed for ever is RedLock.net#68.
 */
export default {
  name: 'extend-persists',
  topologies: ['single', 'sentinel'],
  capabilities: { extend: true },
  open(env) {
    const redis = env.connect(0, { maxRetriesPerRequest: 1, autoResendUnfulfilledCommands: false })
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
      async extend({ key, token }: Held) {
        return (await attempt(redis, () => persistIfMine(redis, [key], token))) === 1
      },
      async release({ key, token }: Held) {
        return (await attempt(redis, () => releaseIfMine(redis, [key], token))) === 1
      },
    }
  },
} satisfies Lock
