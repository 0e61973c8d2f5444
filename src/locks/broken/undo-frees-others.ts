import { randomUUID } from 'node:crypto'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { answered, count, openNodes, retrying, validity } from '../nodes.ts'

/**
 * Bug: a Redlock that takes "on failure unlock all nodes" at its word and sends a plain DEL everywhere, without looking whose key it is. Whoever comes
 * too late takes the votes away from the one who was first, and the next round finds the lock free.
 */
export default {
  name: 'undo-frees-others',
  topologies: ['redlock'],
  async open(env) {
    const nodes = await openNodes(env)
    return {
      acquire(key, { ttlMs, waitMs, signal }): Promise<Held | null> {
        const token = randomUUID()
        return retrying({ waitMs, signal }, async () => {
          const sentAtMs = performance.now()
          const votes = await nodes.ask((redis) => redis.set(key, token, 'PX', ttlMs, 'NX'))
          const validForMs = validity(ttlMs, sentAtMs)
          if (count(votes, 'OK') >= nodes.majority && validForMs > 0) return { key, token, validForMs }
          await nodes.ask((redis) => redis.del(key))
          if (answered(votes) < nodes.majority) throw new Error('fewer than a majority answered')
          return null
        })
      },
      release: async (held: Held) => (await nodes.free(held)) >= nodes.majority,
    }
  },
} satisfies Lock
