import { randomUUID } from 'node:crypto'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { answered, count, openNodes, retrying, validity } from '../nodes.ts'

/**
 * Bug: a Redlock whose majority is `floor(n / 2)`: two of four, and one of three. Where two callers ask in the same moment, each gets a node and
 * both have "the quorum". Written in a hurry instead of `floor(n / 2) + 1`; with five nodes it is two, which a test with a single client never notices.
 */
export default {
  name: 'half-is-enough',
  topologies: ['redlock'],
  async open(env) {
    const nodes = await openNodes(env)
    const enough = Math.floor(nodes.redis.length / 2)
    return {
      acquire(key, { ttlMs, waitMs, signal }): Promise<Held | null> {
        const token = randomUUID()
        return retrying({ waitMs, signal }, async () => {
          const sentAtMs = performance.now()
          const votes = await nodes.ask((redis) => redis.set(key, token, 'PX', ttlMs, 'NX'))
          const validForMs = validity(ttlMs, sentAtMs)
          if (count(votes, 'OK') >= enough && validForMs > 0) return { key, token, validForMs }
          await nodes.free({ key, token })
          if (answered(votes) < enough) throw new Error('too few nodes answered')
          return null
        })
      },
      release: async (held: Held) => (await nodes.free(held)) >= enough,
    }
  },
} satisfies Lock
