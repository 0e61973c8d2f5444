import { randomUUID } from 'node:crypto'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { count, openNodes, retrying, validity } from '../nodes.ts'

/**
 * Bug: an optimistic Redlock. The first node's yes is enough to let the work begin; the other votes are counted while it goes on, and if there is no majority
 * in the end, `lost` fires. By then two callers have begun: a lock that is taken back does not undo what was done under it.
 */
export default {
  name: 'grants-on-first-vote',
  topologies: ['redlock'],
  async open(env) {
    const nodes = await openNodes(env)
    return {
      acquire(key, { ttlMs, waitMs, signal }): Promise<Held | null> {
        const token = randomUUID()
        return retrying({ waitMs, signal }, async () => {
          const sentAtMs = performance.now()
          const lost = new AbortController()
          const asked = nodes.redis.map((redis) => redis.set(key, token, 'PX', ttlMs, 'NX').catch(() => undefined))
          const yes = asked.map((vote) => vote.then((answer) => answer === 'OK' || Promise.reject(new Error('no'))))
          const first = await Promise.any(yes).catch(() => false)
          if (!first) {
            await nodes.free({ key, token })
            return null
          }
          void Promise.all(asked).then((votes) => {
            if (count(votes, 'OK') < nodes.majority) lost.abort(new Error('no majority'))
          })
          return { key, token, validForMs: Math.max(1, validity(ttlMs, sentAtMs)), lost: lost.signal }
        })
      },
      release: async (held: Held) => (await nodes.free(held)) >= nodes.majority,
    }
  },
} satisfies Lock
