import { randomUUID } from 'node:crypto'
import { attempt } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { pause } from '../pause.ts'

const pollMs = 10
const releaseIfMine = luaScript(import.meta.url, '../release.lua')

/**
 * Bug: callers of one process that ask for one key while a request for it is on its way share its promise, as a data loader or a memoized `fetch` does it against a thundering herd. The lock is
 * asked for once, and its one grant lets all of them in. Between processes it is right: a test with one caller a server never sees it.
 */
export default {
  name: 'shared-promise',
  topologies: ['single', 'sentinel'],
  open(env) {
    const redis = env.connect()
    const underWay = new Map<string, Promise<Held | null>>()

    async function take(key: string, ttlMs: number, waitMs: number, signal: AbortSignal): Promise<Held | null> {
      const token = randomUUID()
      const giveUpAt = performance.now() + waitMs
      while (true) {
        const reply = await attempt(redis, () => redis.set(key, token, 'PX', ttlMs, 'NX'))
        if (reply === 'OK') return { key, token }
        if (signal.aborted || performance.now() + pollMs > giveUpAt) return null
        await pause(pollMs, signal)
      }
    }

    return {
      acquire(key, { ttlMs, waitMs, signal }) {
        const known = underWay.get(key)
        if (known) return known
        const fresh = take(key, ttlMs, waitMs, signal).finally(() => underWay.delete(key))
        underWay.set(key, fresh)
        return fresh
      },
      async release({ key, token }: Held) {
        return (await attempt(redis, () => releaseIfMine(redis, [key], token))) === 1
      },
    }
  },
} satisfies Lock
