import { randomUUID } from 'node:crypto'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { answered, count, openNodes, retrying } from '../nodes.ts'

/** Longer than most leases. */
const patienceMs = 5000

/**
 * Bug: a Redlock that counts the votes and not the time that they took (redlock 5 beta; redlock PR#369 is the same for one node). It waits
 * patiently for a slow node, and when the majority is complete the first votes may have run out: what it grants is a lease that is over.
 */
export default {
  name: 'late-majority',
  topologies: ['redlock'],
  async open(env) {
    const nodes = await openNodes(env, patienceMs)
    return {
      acquire(key, { ttlMs, waitMs, signal }): Promise<Held | null> {
        const token = randomUUID()
        return retrying({ waitMs, signal }, async () => {
          const votes = await nodes.ask((redis) => redis.set(key, token, 'PX', ttlMs, 'NX'))
          if (count(votes, 'OK') >= nodes.majority) return { key, token }
          await nodes.free({ key, token })
          if (answered(votes) < nodes.majority) throw new Error('fewer than a majority answered')
          return null
        })
      },
      release: async (held: Held) => (await nodes.free(held)) >= nodes.majority,
    }
  },
} satisfies Lock
