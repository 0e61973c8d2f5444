import { randomUUID } from 'node:crypto'
import { connected } from '../connected.ts'
import { attempt } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { pause } from '../pause.ts'

const pollMs = 15
const timeoutMs = 250
const failuresMax = 5
const openForMs = 500
const releaseIfMine = luaScript(import.meta.url, '../release.lua')

/**
 * Bug: a circuit breaker whose open state means "go on without". After five failures in a row it asks Redis no more for half a second and lets everybody in, because the
 * fallback of the breaker's example is the same call without the breaker (resilience4j's and Hystrix' fallback methods, around a lock as around any other service; seed 001 falls back
 * to a database lock for that reason). Closed, it is right; and it closes at the first answer.
 */
export default {
  name: 'breaker-proceeds',
  topologies: ['single', 'sentinel'],
  async open(env) {
    const redis = env.connect(0, { commandTimeout: timeoutMs, enableOfflineQueue: false, maxRetriesPerRequest: 0 })
    await connected(redis, 2000)
    let failures = 0
    let openUntil = 0

    async function throughBreaker(key: string, token: string, ttlMs: number): Promise<boolean> {
      try {
        const reply = await attempt(redis, () => redis.set(key, token, 'PX', ttlMs, 'NX'))
        failures = 0
        return reply === 'OK'
      } catch (error) {
        if (++failures >= failuresMax) openUntil = performance.now() + openForMs
        throw error
      }
    }

    return {
      async acquire(key, { ttlMs, waitMs, signal }): Promise<(Held & { unguarded: boolean }) | null> {
        const token = randomUUID()
        const giveUpAt = performance.now() + waitMs
        while (true) {
          if (performance.now() < openUntil) return { key, token, unguarded: true }
          if (await throughBreaker(key, token, ttlMs)) return { key, token, unguarded: false }
          if (signal.aborted || performance.now() + pollMs > giveUpAt) return null
          await pause(pollMs, signal)
        }
      },
      async release({ key, token, unguarded }: Held & { unguarded: boolean }) {
        return unguarded || (await attempt(redis, () => releaseIfMine(redis, [key], token))) === 1
      },
    }
  },
} satisfies Lock
