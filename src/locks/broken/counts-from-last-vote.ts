import { randomUUID } from 'node:crypto'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { answered, count, openNodes, retrying, validity } from '../nodes.ts'

const patienceMs = 1000

/**
 * Bug: a Redlock that asks its nodes one after the other, is patient with each, and counts the lease from the last answer instead of from before the
 * first request. The time that the slow node took is time in which the first votes ran: it claims to hold the lock for longer than
 * any majority does. The published algorithm says TTL − (T2 − T1) − drift, and libraries have forgotten T1.
 */
export default {
  name: 'counts-from-last-vote',
  topologies: ['redlock'],
  async open(env) {
    const nodes = await openNodes(env, patienceMs)
    return {
      acquire(key, { ttlMs, waitMs, signal }): Promise<Held | null> {
        const token = randomUUID()
        return retrying({ waitMs, signal }, async () => {
          const votes: (string | null | undefined)[] = []
          for (const redis of nodes.redis)
            votes.push(await redis.set(key, token, 'PX', ttlMs, 'NX').catch(() => undefined))
          const validForMs = validity(ttlMs, performance.now())
          if (count(votes, 'OK') >= nodes.majority) return { key, token, validForMs }
          await nodes.free({ key, token })
          if (answered(votes) < nodes.majority) throw new Error('fewer than a majority answered')
          return null
        })
      },
      release: async (held: Held) => (await nodes.free(held)) >= nodes.majority,
    }
  },
} satisfies Lock
