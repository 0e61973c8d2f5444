import { randomUUID } from 'node:crypto'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { answered, count, openNodes, retrying, validity } from '../nodes.ts'

const extendIfMine = luaScript(import.meta.url, '../extend.lua')

/**
 * Bug: a Redlock that acquires by majority and extends by any node that agrees: one is enough for it to tell its caller that the lease goes on.
 * On the others, which it cannot reach or which lost the key in a restart, the lease runs out in its time, and the next one gets them
 * (redsync#186 and PR#149 are about extensions that do not look at where the key still is).
 */
export default {
  name: 'extend-any-node',
  topologies: ['redlock'],
  capabilities: { extend: true },
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
          await nodes.free({ key, token })
          if (answered(votes) < nodes.majority) throw new Error('fewer than a majority answered')
          return null
        })
      },
      async extend({ key, token }: Held, ttlMs) {
        const sentAtMs = performance.now()
        const votes = await nodes.ask((redis) => extendIfMine(redis, [key], token, String(ttlMs)))
        if (votes.includes(1)) return { validForMs: validity(ttlMs, sentAtMs) }
        if (answered(votes) < nodes.majority) throw new Error('fewer than a majority answered')
        return false
      },
      release: async (held: Held) => (await nodes.free(held)) >= nodes.majority,
    }
  },
} satisfies Lock
