import { randomUUID } from 'node:crypto'
import { attempt } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { pause } from '../pause.ts'

const pollMs = 20
const releaseIfMine = luaScript(import.meta.url, '../release.lua')

/**
 * Bug: SETNX and PEXPIRE are two commands. Who dies, or loses the connection, between them leaves a key that never ends. It is how locks were written before Redis 2.6.12 had
 * SET NX PX, and how they are still copied (`setIfAbsent(key, value)` and then `expire(key, …)` in Spring Data Redis).
 */
export default {
  name: 'setnx-then-expire',
  topologies: ['single', 'sentinel'],
  open(env) {
    const redis = env.connect(0, { maxRetriesPerRequest: 1, autoResendUnfulfilledCommands: false })
    return {
      async acquire(key, { ttlMs, waitMs, signal }): Promise<Held | null> {
        const token = randomUUID()
        const giveUpAt = performance.now() + waitMs
        while (true) {
          if ((await attempt(redis, () => redis.setnx(key, token))) === 1) {
            await redis.pexpire(key, ttlMs)
            return { key, token }
          }
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
