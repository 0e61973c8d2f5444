import { randomUUID } from 'node:crypto'
import { attempt } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { pause } from '../pause.ts'

const pollMs = 10
const releaseIfMine = luaScript(import.meta.url, '../release.lua')

/**
 * Bug: the lease is released when the helper that took it returns, not when the work is done. `await using` in the wrong scope here; a `finally` around a promise that nobody awaits, or a
 * transaction that commits after the method's lock was given back, elsewhere (Spring: `@Transactional` inside of the locking proxy). All goes through the lock, one after the other, and none of the
 * work does.
 */
export default {
  name: 'scoped-away',
  topologies: ['single', 'sentinel'],
  open(env) {
    const redis = env.connect()
    const free = ({ key, token }: Held) => attempt(redis, () => releaseIfMine(redis, [key], token))

    async function lease(key: string, token: string, ttlMs: number): Promise<Held | undefined> {
      if ((await attempt(redis, () => redis.set(key, token, 'PX', ttlMs, 'NX'))) !== 'OK') return undefined
      const held: Held = { key, token }
      await using _ = { [Symbol.asyncDispose]: async () => void (await free(held)) }
      return held
    }

    return {
      async acquire(key, { ttlMs, waitMs, signal }): Promise<Held | null> {
        const token = randomUUID()
        const giveUpAt = performance.now() + waitMs
        while (true) {
          const held = await lease(key, token, ttlMs)
          if (held) return held
          if (signal.aborted || performance.now() + pollMs > giveUpAt) return null
          await pause(pollMs, signal)
        }
      },
      async release(held: Held) {
        return (await free(held)) === 1
      },
    }
  },
} satisfies Lock
