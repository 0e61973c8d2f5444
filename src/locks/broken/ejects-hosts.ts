import { createHash, randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import { connected } from '../connected.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { pause } from '../pause.ts'

const timeoutMs = 200
const pollMs = 15
const releaseIfMine = luaScript(import.meta.url, '../release.lua')

/**
 * Bug: three Redis servers as a ring instead of a quorum. Each key has a home, and where that does not answer the next node is asked: twemproxy's `auto_eject_hosts`, and any client that
 * shards by itself and fails over by itself. Nobody tells the others: who still holds at home, or has found the way back a moment earlier, holds as well.
 */
export default {
  name: 'ejects-hosts',
  topologies: ['redlock'],
  async open(env) {
    const nodes = Array.from({ length: env.size }, (_, node) =>
      env.connect(node, { commandTimeout: timeoutMs, enableOfflineQueue: false, maxRetriesPerRequest: 0 }),
    )
    await Promise.all(nodes.map((node) => connected(node, 2000)))
    const homeOf = (key: string) => createHash('sha1').update(key).digest()[0]! % nodes.length

    return {
      async acquire(key, { ttlMs, waitMs, signal }): Promise<(Held & { at: Redis }) | null> {
        const token = randomUUID()
        const giveUpAt = performance.now() + waitMs
        while (true) {
          for (let hop = 0; hop < nodes.length; hop++) {
            const at = nodes[(homeOf(key) + hop) % nodes.length]!
            const answer = await at.set(key, token, 'PX', ttlMs, 'NX').catch(() => 'ejected')
            if (answer === 'OK') return { key, token, at }
            if (answer === null) break
          }
          if (signal.aborted || performance.now() + pollMs > giveUpAt) return null
          await pause(pollMs * (0.5 + Math.random()), signal)
        }
      },
      async release({ key, token, at }: Held & { at: Redis }) {
        return (await releaseIfMine(at, [key], token)) === 1
      },
    }
  },
} satisfies Lock
