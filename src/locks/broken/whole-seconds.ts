import { randomUUID } from 'node:crypto'
import { attempt } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { pause } from '../pause.ts'

const pollMs = 20
const releaseIfMine = luaScript(import.meta.url, '../release.lua')

/**
 * Bug: the lease is rounded down to whole seconds, because EX takes them, and the grant claims the whole of what was asked for. 1.7 s become one, and for the rest of the time the holder
 * believes in a key that is gone. Seen wherever a `Duration` meets an API in seconds: `toSeconds()`, `Math.floor(ttl / 1000)`.
 */
export default {
  name: 'whole-seconds',
  topologies: ['single', 'sentinel'],
  open(env) {
    const redis = env.connect()
    return {
      async acquire(key, { ttlMs, waitMs, signal }): Promise<Held | null> {
        const token = randomUUID()
        const giveUpAt = performance.now() + waitMs
        while (true) {
          const sentAt = performance.now()
          const seconds = Math.max(1, Math.floor(ttlMs / 1000))
          const reply = await attempt(redis, () => redis.set(key, token, 'EX', seconds, 'NX'))
          if (reply === 'OK') return { key, token, validForMs: Math.max(0, ttlMs - (performance.now() - sentAt)) }
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
