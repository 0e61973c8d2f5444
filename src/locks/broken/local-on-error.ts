import { randomUUID } from 'node:crypto'
import { connected } from '../connected.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { pause } from '../pause.ts'

const timeoutMs = 300
const pollMs = 10
const releaseIfMine = luaScript(import.meta.url, '../release.lua')

/**
 * Bug: when Redis fails, it falls back to a lock inside the process, "so that the shop stays open". Every server then has a lock of its
 * own, and all of them are granted. No library does this by itself; applications do it by hand around an outage.
 */
export default {
  name: 'local-on-error',
  topologies: ['single', 'sentinel'],
  async open(env) {
    const redis = env.connect(0, { commandTimeout: timeoutMs })
    await connected(redis, 2000)
    const local = new Set<string>()

    async function take(key: string, token: string, ttlMs: number): Promise<'redis' | 'here' | undefined> {
      try {
        return (await redis.set(key, token, 'PX', ttlMs, 'NX')) === 'OK' ? 'redis' : undefined
      } catch {
        if (local.has(key)) return undefined
        local.add(key)
        return 'here'
      }
    }

    return {
      async acquire(key, { ttlMs, waitMs, signal }): Promise<(Held & { from: 'redis' | 'here' }) | null> {
        const token = randomUUID()
        const giveUpAt = performance.now() + waitMs
        while (true) {
          const from = await take(key, token, ttlMs)
          if (from !== undefined) return { key, token, from }
          if (signal.aborted || performance.now() + pollMs > giveUpAt) return null
          await pause(pollMs, signal)
        }
      },
      async release({ key, token, from }: Held & { from: 'redis' | 'here' }) {
        if (from === 'here') return local.delete(key)
        return (await releaseIfMine(redis, [key], token)) === 1
      },
    }
  },
} satisfies Lock
