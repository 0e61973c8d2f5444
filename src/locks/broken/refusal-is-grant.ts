import { randomUUID } from 'node:crypto'
import { attempt } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { pause } from '../pause.ts'

const pollMs = 15
const releaseIfMine = luaScript(import.meta.url, '../release.lua')

/**
 * Bug: where Redis answers that it takes no writes (MISCONF after a failed snapshot, OOM, READONLY), it lets everybody in: "Redis is degraded, the shop must
 * stay open". The health check in front of it is green all the time, because reads work. The fail-open flag is found in application code around
 * redis-py, Lettuce and ioredis; no library has it.
 */
export default {
  name: 'refusal-is-grant',
  topologies: ['single', 'sentinel'],
  open(env) {
    const redis = env.connect()
    const degraded = (error: Error): 'OK' => {
      if (!/^(MISCONF|OOM|READONLY)/.test(error.message)) throw error
      env.log(`degraded mode: ${error.message}`)
      return 'OK'
    }
    return {
      async acquire(key, { ttlMs, waitMs, signal }): Promise<Held | null> {
        const token = randomUUID()
        const giveUpAt = performance.now() + waitMs
        while (true) {
          const reply = await attempt(redis, () => redis.set(key, token, 'PX', ttlMs, 'NX')).catch(degraded)
          if (reply === 'OK') return { key, token }
          if (signal.aborted || performance.now() + pollMs > giveUpAt) return null
          await pause(pollMs, signal)
        }
      },
      async release({ key, token }: Held) {
        return (await attempt(redis, () => releaseIfMine(redis, [key], token))) === 1
      },
    }
  },
} satisfies Lock
