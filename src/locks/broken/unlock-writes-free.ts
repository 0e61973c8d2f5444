import { randomUUID } from 'node:crypto'
import { attempt } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { pause } from '../pause.ts'

const pollMs = 20
const takeIfFree = luaScript(import.meta.url, 'take-if-free.lua')
const freeIfMine = luaScript(import.meta.url, 'free-if-mine.lua')

/**
 * Bug: a release writes "free" into the key instead of deleting it, and that SET takes the time to live away (it would keep it with KEEPTTL). The lock itself is right; but every key that
 * was ever locked stays for ever, one per order, per coupon, per user. That is how a Redis fills with locks that nobody holds (seed 000:
 * "만료되지 않은 세션/락 키의 지속적 누적").
 */
export default {
  name: 'unlock-writes-free',
  topologies: ['single', 'sentinel'],
  open(env) {
    const redis = env.connect()
    return {
      async acquire(key, { ttlMs, waitMs, signal }): Promise<Held | null> {
        const token = randomUUID()
        const giveUpAt = performance.now() + waitMs
        while (true) {
          if ((await attempt(redis, () => takeIfFree(redis, [key], token, ttlMs))) === 1) return { key, token }
          if (signal.aborted || performance.now() + pollMs > giveUpAt) return null
          await pause(pollMs, signal)
        }
      },
      async release({ key, token }: Held) {
        return (await attempt(redis, () => freeIfMine(redis, [key], token))) === 1
      },
    }
  },
} satisfies Lock
