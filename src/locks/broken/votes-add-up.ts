import { randomUUID } from 'node:crypto'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { answered, openNodes, retrying, validity } from '../nodes.ts'

/**
 * Bug: a Redlock that keeps the votes of a failed round ("we have node 1 already, only node 2 is missing") and asks the rest again until it has
 * a majority. Its first votes run out while it waits for the last, so that the majority that it counts never stood at one moment. The published
 * algorithm gives all votes back after a failed round; not to do so is seen as a cure against livelock.
 */
export default {
  name: 'votes-add-up',
  topologies: ['redlock'],
  async open(env) {
    const nodes = await openNodes(env)
    return {
      async acquire(key, { ttlMs, waitMs, signal }): Promise<Held | null> {
        const token = randomUUID()
        const mine = new Set<number>()
        const held = await retrying({ waitMs, signal }, async () => {
          const sentAtMs = performance.now()
          const answers = await nodes.ask((redis, index) =>
            mine.has(index) ? Promise.resolve('OK') : redis.set(key, token, 'PX', ttlMs, 'NX'),
          )
          for (const [index, answer] of answers.entries()) if (answer === 'OK') mine.add(index)
          const validForMs = validity(ttlMs, sentAtMs)
          if (mine.size >= nodes.majority && validForMs > 0) return { key, token, validForMs }
          if (answered(answers) >= nodes.majority) return null
          await nodes.free({ key, token })
          throw new Error('fewer than a majority answered')
        })
        if (held === null) await nodes.free({ key, token })
        return held
      },
      release: async (held: Held) => (await nodes.free(held)) >= nodes.majority,
    }
  },
} satisfies Lock
