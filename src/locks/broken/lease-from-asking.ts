import { randomUUID } from 'node:crypto'
import { attempt } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { plain, polling } from '../plain.ts'

/**
 * Bug: the end of the lease is fixed when the caller begins to wait, as where the lease is a session's and the session is opened first. Who waits as long as the lease
 * is granted one that is over: nothing is on Redis, and the next one comes in beside him (etcd#11456, curator#1121). While nobody waits long it is right.
 */
export default {
  name: 'lease-from-asking',
  topologies: ['single', 'sentinel'],
  open(env) {
    const redis = env.connect()
    const right = plain(redis)
    return {
      async acquire(key, waiting): Promise<Held | null> {
        const token = randomUUID()
        const endsAtMs = Date.now() + waiting.ttlMs
        const take = () => attempt(redis, () => redis.set(key, token, 'PXAT', endsAtMs, 'NX'))
        return (await polling(waiting, async () => (await take()) === 'OK')) ? { key, token } : null
      },
      release: (held: Held) => right.release(held),
    }
  },
} satisfies Lock
