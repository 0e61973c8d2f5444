import { randomUUID } from 'node:crypto'
import { attempt } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { pause } from '../pause.ts'

const pollMs = 15

/**
 * Bug: its release asks whose key it is, and then deletes it: two round trips where the published release is one script. If the lease ends in between, or the
 * DEL is sent a second time because its reply was lost, it is the next holder's key that goes. The example of what not to do in Redis' own documentation, and a
 * favourite of hand-written locks.
 * https://redis.io/docs/latest/develop/use/patterns/distributed-locks/#correct-implementation-with-a-single-instance
 */
export default {
  name: 'compares-then-deletes',
  topologies: ['single', 'sentinel'],
  open(env) {
    const redis = env.connect()
    return {
      async acquire(key, { ttlMs, waitMs, signal }): Promise<Held | null> {
        const token = randomUUID()
        const giveUpAt = performance.now() + waitMs
        while (true) {
          const sentAt = performance.now()
          const reply = await attempt(redis, () => redis.set(key, token, 'PX', ttlMs, 'NX'))
          const validForMs = sentAt + ttlMs - performance.now() - 5
          if (reply === 'OK' && validForMs > 0) return { key, token, validForMs }
          if (signal.aborted || performance.now() + pollMs > giveUpAt) return null
          await pause(pollMs, signal)
        }
      },
      async release({ key, token }: Held) {
        if ((await attempt(redis, () => redis.get(key))) !== token) return false
        return (await redis.del(key)) === 1
      },
    }
  },
} satisfies Lock
