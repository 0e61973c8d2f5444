import { randomUUID } from 'node:crypto'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { pause } from '../pause.ts'

const pollMs = 10
const releaseIfMine = luaScript(import.meta.url, '../release.lua')

/**
 * Bug: when a SET takes longer than its patience it "cleans up" with a DEL that does not look whose lock that is. On a good network
 * that never happens; on a slow one it deletes the lease of whoever holds the key right now. ShedLock's default release is such a DEL
 * (ShedLock#2583); the clean-up after a timeout is where it is written by hand.
 *
 * Option: `timeoutMs`, its patience (60).
 */
export default {
  name: 'timeout-deletes',
  topologies: ['single', 'sentinel'],
  open(env) {
    const timeoutMs = Number(env.options['timeoutMs'] ?? 60)
    const redis = env.connect()
    return {
      async acquire(key, { ttlMs, waitMs, signal }): Promise<Held | null> {
        const token = randomUUID()
        const giveUpAt = performance.now() + waitMs
        while (true) {
          const taken = redis.set(key, token, 'PX', ttlMs, 'NX').catch(() => null)
          const answer = await Promise.race([taken, pause(timeoutMs, signal).then(() => 'too slow' as const)])
          if (answer === 'OK') return { key, token }
          if (answer === 'too slow') await redis.del(key)
          if (signal.aborted || performance.now() + pollMs > giveUpAt) return null
          await pause(pollMs, signal)
        }
      },
      async release({ key, token }: Held) {
        return (await releaseIfMine(redis, [key], token)) === 1
      },
    }
  },
} satisfies Lock
