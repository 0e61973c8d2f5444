import { randomUUID } from 'node:crypto'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { openNodes, retrying, validity } from '../nodes.ts'

/**
 * Bug: a Redlock that stops asking once it has a majority, "to save a round trip". It is exclusive as long as no node forgets anything; with
 * two votes of three, one node that restarts empty is enough to lose the lock, where a lock that all nodes have would have stood. The published algorithm
 * asks all nodes, and this is what for.
 */
export default {
  name: 'bare-majority',
  topologies: ['redlock'],
  async open(env) {
    const nodes = await openNodes(env)
    return {
      acquire(key, { ttlMs, waitMs, signal }): Promise<Held | null> {
        const token = randomUUID()
        return retrying({ waitMs, signal }, async () => {
          const sentAtMs = performance.now()
          let votes = 0
          let answered = 0
          for (const redis of nodes.redis) {
            const answer = await redis.set(key, token, 'PX', ttlMs, 'NX').catch(() => undefined)
            if (answer !== undefined) answered++
            if (answer === 'OK') votes++
            const validForMs = validity(ttlMs, sentAtMs)
            if (votes >= nodes.majority && validForMs > 0) return { key, token, validForMs }
          }
          await nodes.free({ key, token })
          if (answered < nodes.majority) throw new Error('fewer than a majority answered')
          return null
        })
      },
      release: async (held: Held) => (await nodes.free(held)) >= nodes.majority,
    }
  },
} satisfies Lock
