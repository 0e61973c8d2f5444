import { attempt } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { plain } from '../plain.ts'

/**
 * Bug: its release is a DEL that does not ask whose lease that is by now. As long as every holder ends in time nobody sees it; one that was paused for
 * longer than its lease comes back, finishes, and takes away the next holder's key, so that a third one gets in. ShedLock's default to this
 * day (ShedLock#2583), and the first version of most home-made locks.
 */
export default {
  name: 'deletes-unasked',
  topologies: ['single', 'sentinel'],
  capabilities: { extend: true },
  open(env) {
    const redis = env.connect()
    return {
      ...plain(redis),
      async release({ key }: Held) {
        return (await attempt(redis, () => redis.del(key))) === 1
      },
    }
  },
} satisfies Lock
