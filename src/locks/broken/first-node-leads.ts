import { randomUUID } from 'node:crypto'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { openNodes, retrying, validity } from '../nodes.ts'

/**
 * Bug: a "quorum" that decides on the first node that answers and copies the result to the others, so that one round trip is enough. While
 * all clients see the same first node that is a lock; once one of them cannot reach it, it takes the second node for the first, and
 * the two sides ask different nodes (what etcd or Redis Cluster elect a leader for is done by each client for itself).
 */
export default {
  name: 'first-node-leads',
  topologies: ['redlock'],
  async open(env) {
    const nodes = await openNodes(env)

    async function lead(key: string, token: string, ttlMs: number): Promise<boolean> {
      for (const redis of nodes.redis) {
        const answer = await redis.set(key, token, 'PX', ttlMs, 'NX').catch(() => undefined)
        if (answer === undefined) continue
        if (answer === 'OK')
          for (const other of nodes.redis)
            if (other !== redis) other.set(key, token, 'PX', ttlMs, 'NX').catch(() => undefined)
        return answer === 'OK'
      }
      throw new Error('no node answered')
    }

    return {
      acquire(key, { ttlMs, waitMs, signal }): Promise<Held | null> {
        const token = randomUUID()
        return retrying({ waitMs, signal }, async () => {
          const sentAtMs = performance.now()
          const leads = await lead(key, token, ttlMs)
          const validForMs = validity(ttlMs, sentAtMs)
          if (leads && validForMs > 0) return { key, token, validForMs }
          if (leads) await nodes.free({ key, token })
          return null
        })
      },
      release: async (held: Held) => (await nodes.free(held)) > 0,
    }
  },
} satisfies Lock
