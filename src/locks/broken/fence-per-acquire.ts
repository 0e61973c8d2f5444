import { randomUUID } from 'node:crypto'
import { attempt } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { pause } from '../pause.ts'

const pollMs = 20
const releaseIfMine = luaScript(import.meta.url, '../release.lua')

/**
 * Bug: for every grant it leaves a key with the grant's fence, without a time to live, "so that the ledger can look it up". redisson#6510 counted 25 million fence counters among 75 million
 * keys; there it was one for each lock, here it is one for each acquire. Nothing ever deletes them, and no `bookkeeping` admits to them.
 */
export default {
  name: 'fence-per-acquire',
  topologies: ['single', 'sentinel'],
  capabilities: { fencing: true },
  bookkeeping: ['fence-counter'],
  open(env) {
    const redis = env.connect()
    return {
      async acquire(key, { ttlMs, waitMs, signal }): Promise<Held | null> {
        const token = randomUUID()
        const giveUpAt = performance.now() + waitMs
        while (true) {
          const reply = await attempt(redis, () => redis.set(key, token, 'PX', ttlMs, 'NX'))
          if (reply === 'OK') {
            const fence = await redis.incr('fence-counter')
            await redis.set(`fence:${token}`, fence)
            return { key, token, fence }
          }
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
