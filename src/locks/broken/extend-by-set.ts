import { randomUUID } from 'node:crypto'
import { attempt } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { pause } from '../pause.ts'

const pollMs = 20
const drift = 0.1
const releaseIfMine = luaScript(import.meta.url, '../release.lua')
const setIfMine = luaScript(import.meta.url, 'set-if-mine.lua')

/**
 * Bug: it extends with a SET, which takes memory where PEXPIRE takes none, and lets the caller go on when that fails: "the next extension will do it". At `OOM
 * command not allowed` no extension works any more, the lease runs out, and nobody is told. The SET is redlock 5's and sesame's (their
 * extend fails under maxmemory, measured); the swallowed error is aioredlock's.
 */
export default {
  name: 'extend-by-set',
  topologies: ['single', 'sentinel'],
  capabilities: { extend: true },
  open(env) {
    const redis = env.connect()
    return {
      async acquire(key, { ttlMs, waitMs, signal }): Promise<Held | null> {
        const token = randomUUID()
        const giveUpAt = performance.now() + waitMs
        while (true) {
          const reply = await attempt(redis, () => redis.set(key, token, 'PX', ttlMs, 'NX'))
          if (reply === 'OK') return { key, token }
          if (signal.aborted || performance.now() + pollMs > giveUpAt) return null
          await pause(pollMs, signal)
        }
      },
      async extend({ key, token }: Held, ttlMs) {
        try {
          if ((await setIfMine(redis, [key], token, ttlMs)) !== 1) return false
        } catch (error) {
          env.log(`${key} could not be extended: ${(error as Error).message}`)
        }
        return { validForMs: ttlMs * (1 - drift) }
      },
      async release({ key, token }: Held) {
        return (await attempt(redis, () => releaseIfMine(redis, [key], token))) === 1
      },
    }
  },
} satisfies Lock
