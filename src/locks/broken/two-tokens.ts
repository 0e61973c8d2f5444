import { attempt } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { pause } from '../pause.ts'

const pollMs = 10

/**
 * Bug: the lock is a token in a list: who pops it holds, who is done pushes it back. A push is not idempotent: when its reply is lost and ioredis sends it
 * again, there are two tokens, and from then on two holders, for ever. python-redis-lock and many queues-as-locks signal with such a list. (A pop whose reply
 * is lost takes the token away for good; that costs the key, and nobody's exclusion.)
 */
export default {
  name: 'two-tokens',
  topologies: ['single', 'sentinel'],
  bookkeeping: ['tokens:*', 'made:*'],
  open(env) {
    const redis = env.connect()
    return {
      async acquire(key, { waitMs, signal }): Promise<Held | null> {
        const giveUpAt = performance.now() + waitMs
        // Whoever is the first at all puts the token there.
        if ((await attempt(redis, () => redis.set(`made:${key}`, '1', 'NX'))) === 'OK')
          await redis.rpush(`tokens:${key}`, key)
        while (true) {
          const token = await redis.lpop(`tokens:${key}`)
          if (token !== null) return { key, token }
          if (signal.aborted || performance.now() + pollMs > giveUpAt) return null
          await pause(pollMs, signal)
        }
      },
      async release({ key, token }: Held) {
        await redis.rpush(`tokens:${key}`, token)
        return true
      },
    }
  },
} satisfies Lock
