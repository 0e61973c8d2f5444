import { attempt } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { pause } from '../pause.ts'

const pollMs = 10

/**
 * Bug: INCR, and who counts to one holds; the others DECR and try again, and so does the holder when he is done. A count is not idempotent: when a reply is lost and
 * the client sends the command again, the count is one too high and never comes back to zero; nobody is let in any more, and the key that was counted up
 * without being granted has no end. redisson#6025 and #1966 are such counts, of reentrant locks.
 */
export default {
  name: 'counts-up',
  topologies: ['single', 'sentinel'],
  open(env) {
    const redis = env.connect()
    return {
      async acquire(key, { ttlMs, waitMs, signal }): Promise<Held | null> {
        const giveUpAt = performance.now() + waitMs
        while (true) {
          const sentAt = performance.now()
          if ((await attempt(redis, () => redis.incr(key))) === 1) {
            await redis.pexpire(key, ttlMs)
            return { key, token: key, validForMs: sentAt + ttlMs - performance.now() }
          }
          await redis.decr(key)
          if (signal.aborted || performance.now() + pollMs > giveUpAt) return null
          await pause(pollMs, signal)
        }
      },
      async release({ key }: Held) {
        return (await redis.decr(key)) >= 0
      },
    }
  },
} satisfies Lock
