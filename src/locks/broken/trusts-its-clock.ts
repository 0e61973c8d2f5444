import { randomUUID } from 'node:crypto'
import { attempt } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { pause } from '../pause.ts'

const pollMs = 15
const releaseIfMine = luaScript(import.meta.url, '../release.lua')

/**
 * Bug: inside its lease it deletes without comparing, by its own clock: "until then the key can only be mine". That holds while nothing but time ends a lease. After an eviction, a
 * flush or a step of the node's clock the key belongs to the next holder, and its lease is what goes. After its own lease it compares, as it should.
 * ShedLock deletes without comparing to this day (ShedLock#2583).
 */
export default {
  name: 'trusts-its-clock',
  topologies: ['single', 'sentinel'],
  open(env) {
    const redis = env.connect()
    return {
      async acquire(key, { ttlMs, waitMs, signal }): Promise<(Held & { endsAt: number }) | null> {
        const token = randomUUID()
        const giveUpAt = performance.now() + waitMs
        while (true) {
          const endsAt = performance.now() + ttlMs
          const reply = await attempt(redis, () => redis.set(key, token, 'PX', ttlMs, 'NX'))
          if (reply === 'OK') return { key, token, endsAt }
          if (signal.aborted || performance.now() + pollMs > giveUpAt) return null
          await pause(pollMs, signal)
        }
      },
      async release({ key, token, endsAt }: Held & { endsAt: number }) {
        if (performance.now() < endsAt) return (await attempt(redis, () => redis.del(key))) === 1
        return (await attempt(redis, () => releaseIfMine(redis, [key], token))) === 1
      },
    }
  },
} satisfies Lock
