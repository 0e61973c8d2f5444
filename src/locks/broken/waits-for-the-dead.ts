import { randomUUID } from 'node:crypto'
import { attempt } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { plain, polling } from '../plain.ts'

/** Longer than anybody waits. */
const lineMs = 300_000
const lineOf = (key: string) => `line:${key}`

/**
 * Bug: a fair lock whose line knows no death. Callers stand in a list on Redis and only its head may take the lock; who crashes while he waits stays where he is, and when he is
 * the head the lock is free and nobody gets it, for the five minutes of the line (redisson#1104, #3730, #4661).
 */
export default {
  name: 'waits-for-the-dead',
  topologies: ['single', 'sentinel'],
  bookkeeping: ['line:*'],
  open(env) {
    const redis = env.connect()
    const right = plain(redis)
    return {
      async acquire(key, waiting): Promise<Held | null> {
        const token = randomUUID()
        const line = lineOf(key)
        await attempt(redis, () => redis.multi().rpush(line, token).pexpire(line, lineMs).exec())
        try {
          const isMine = () =>
            polling(
              waiting,
              async () => (await redis.lindex(line, 0)) === token && right.take(key, token, waiting.ttlMs),
            )
          return (await isMine()) ? { key, token } : null
        } finally {
          await redis.lrem(line, 1, token).catch(() => {})
        }
      },
      release: (held: Held) => right.release(held),
    }
  },
} satisfies Lock
