import { randomUUID } from 'node:crypto'
import { connected } from '../connected.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { pause } from '../pause.ts'

const timeoutMs = 200
const pollMs = 20
const releaseIfMine = luaScript(import.meta.url, '../release.lua')

/**
 * Bug: a Redlock that counts an unreachable node as one that agrees ("it cannot object"). It asks the nodes one by one, in random order
 * to spread the load, and stops at a majority. With all nodes up that is right; with one of three down a single vote is enough, and two
 * servers get one each. Seen wherever an error and a missing vote end in the same `catch`.
 */
export default {
  name: 'absent-agrees',
  topologies: ['redlock'],
  async open(env) {
    const nodes = Array.from({ length: env.size }, (_, node) =>
      env.connect(node, { commandTimeout: timeoutMs, enableOfflineQueue: false, maxRetriesPerRequest: 0 }),
    )
    await Promise.all(nodes.map((node) => connected(node, 2000)))
    const majority = Math.floor(nodes.length / 2) + 1
    const free = ({ key, token }: Held) =>
      Promise.all(nodes.map((node) => releaseIfMine(node, [key], token).catch(() => 0)))

    return {
      async acquire(key, { ttlMs, waitMs, signal }): Promise<Held | null> {
        const token = randomUUID()
        const giveUpAt = performance.now() + waitMs
        while (true) {
          let votes = 0
          for (const node of nodes.toSorted(() => Math.random() - 0.5)) {
            const answer = await node.set(key, token, 'PX', ttlMs, 'NX').catch(() => 'OK')
            if (answer === 'OK') votes++
            if (votes >= majority) return { key, token }
          }
          await free({ key, token })
          if (signal.aborted || performance.now() + pollMs > giveUpAt) return null
          await pause(pollMs * (0.5 + Math.random()), signal)
        }
      },
      async release(held: Held) {
        return (await free(held)).includes(1)
      },
    }
  },
} satisfies Lock
