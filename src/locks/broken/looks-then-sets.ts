import { randomUUID } from 'node:crypto'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { answered, count, openNodes, retrying, validity } from '../nodes.ts'

/**
 * Bug: a quorum in two phases without anything that ties them together: ask all nodes whether the key is free, and if a majority says so, set it on all of
 * them. Two callers that ask in the same moment are told the same, and the second one's SET goes over the first one's. Majority or not: it is
 * GET-then-SET, three times.
 */
export default {
  name: 'looks-then-sets',
  topologies: ['redlock'],
  async open(env) {
    const nodes = await openNodes(env)
    return {
      acquire(key, { ttlMs, waitMs, signal }): Promise<Held | null> {
        const token = randomUUID()
        return retrying({ waitMs, signal }, async () => {
          const free = await nodes.ask((redis) => redis.exists(key))
          if (answered(free) < nodes.majority) throw new Error('fewer than a majority answered')
          if (count(free, 0) < nodes.majority) return null
          const sentAtMs = performance.now()
          const votes = await nodes.ask((redis) => redis.set(key, token, 'PX', ttlMs))
          const validForMs = validity(ttlMs, sentAtMs)
          if (count(votes, 'OK') >= nodes.majority && validForMs > 0) return { key, token, validForMs }
          await nodes.free({ key, token })
          return null
        })
      },
      release: async (held: Held) => (await nodes.free(held)) >= nodes.majority,
    }
  },
} satisfies Lock
