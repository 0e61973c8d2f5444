import { attempt } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { plain } from '../plain.ts'

const expireIfMine = luaScript(import.meta.url, 'expire-if-mine.lua')

/**
 * Bug: it takes the lock in milliseconds (PX) and extends it in whole seconds (EXPIRE), rounded down. With the 30 s of every example that is the same; a lease of
 * 1300 ms is shortened to one second by its own extension. Units that were mixed up between two commands of one lock; ShedLock and redis-py count in seconds where
 * their callers think in milliseconds.
 */
export default {
  name: 'extends-in-seconds',
  topologies: ['single', 'sentinel'],
  capabilities: { extend: true },
  open(env) {
    const redis = env.connect()
    return {
      ...plain(redis),
      async extend({ key, token }: Held, ttlMs: number) {
        const sentAt = performance.now()
        const seconds = Math.max(1, Math.floor(ttlMs / 1000))
        if ((await attempt(redis, () => expireIfMine(redis, [key], token, seconds))) !== 1) return false
        return { validForMs: ttlMs * 0.98 - (performance.now() - sentAt) }
      },
    }
  },
} satisfies Lock
