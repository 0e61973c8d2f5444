import { randomUUID } from 'node:crypto'
import { attempt } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { plain, polling } from '../plain.ts'

/**
 * Bug: a lease without an end. As long as every holder lives to release it that is a perfect lock; one that is killed keeps its key for ever, and what it
 * guarded is never sold again. The default of redis-py's Lock (`timeout=None`), ShedLock#105, redisson#4620.
 */
export default {
  name: 'no-ttl',
  topologies: ['single', 'sentinel'],
  open(env) {
    const redis = env.connect(0, { maxRetriesPerRequest: 1, autoResendUnfulfilledCommands: false })
    const { release } = plain(redis)
    return {
      release,
      async acquire(key, waiting): Promise<Held | null> {
        const token = randomUUID()
        const taken = await polling(
          waiting,
          async () => (await attempt(redis, () => redis.set(key, token, 'NX'))) === 'OK',
        )
        return taken ? { key, token } : null
      },
    }
  },
} satisfies Lock
