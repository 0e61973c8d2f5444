import { randomUUID } from 'node:crypto'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { answered, count, openNodes, retrying, validity } from '../nodes.ts'

/**
 * Bug: a Redlock that takes the majority of the nodes that answered instead of all that there are ("the dead ones cannot vote"). With
 * two of three gone a single node decides, and when the others come back, empty or on the other side of a partition, they decide as well.
 */
export default {
  name: 'quorum-of-answers',
  topologies: ['redlock'],
  async open(env) {
    const nodes = await openNodes(env)
    return {
      acquire(key, { ttlMs, waitMs, signal }): Promise<Held | null> {
        const token = randomUUID()
        return retrying({ waitMs, signal }, async () => {
          const sentAtMs = performance.now()
          const votes = await nodes.ask((redis) => redis.set(key, token, 'PX', ttlMs, 'NX'))
          if (answered(votes) === 0) throw new Error('no node answered')
          const majority = Math.floor(answered(votes) / 2) + 1
          const validForMs = validity(ttlMs, sentAtMs)
          if (count(votes, 'OK') >= majority && validForMs > 0) return { key, token, validForMs }
          await nodes.free({ key, token })
          return null
        })
      },
      release: async (held: Held) => (await nodes.free(held)) > 0,
    }
  },
} satisfies Lock
