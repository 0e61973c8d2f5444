import { randomUUID } from 'node:crypto'
import { attempt } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { pause } from '../pause.ts'

const pollMs = 20
const prefix = 'lock:'
const releaseIfMine = luaScript(import.meta.url, '../release.lua')

/**
 * Bug: when Redis has no memory left it makes room: it scans for locks that it believes stale, those past the middle of their lease, and deletes
 * them. In the incident of 2025-06-05 (seed 000) somebody did the same by hand ("SCAN + DEL of keys with little risk"). A holder that works for
 * longer than half of its lease loses it, and the next caller is granted as soon as there is room.
 */
export default {
  name: 'makes-room',
  topologies: ['single', 'sentinel'],
  open(env) {
    const redis = env.connect()

    async function makeRoom(ttlMs: number): Promise<void> {
      let cursor = '0'
      do {
        const [next, keys] = await redis.scan(cursor, 'MATCH', `${prefix}*`, 'COUNT', '100')
        for (const key of keys) if ((await redis.pttl(key)) < ttlMs / 2) await redis.del(key)
        cursor = next
      } while (cursor !== '0')
    }

    return {
      async acquire(key, { ttlMs, waitMs, signal }): Promise<Held | null> {
        const held = { key: prefix + key, token: randomUUID() }
        const giveUpAt = performance.now() + waitMs
        while (true) {
          try {
            if ((await attempt(redis, () => redis.set(held.key, held.token, 'PX', ttlMs, 'NX'))) === 'OK') return held
          } catch (error) {
            if (!(error as Error).message.startsWith('OOM')) throw error
            await makeRoom(ttlMs)
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
