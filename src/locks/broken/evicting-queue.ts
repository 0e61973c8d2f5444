import { randomUUID } from 'node:crypto'
import { attempt } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { pause } from '../pause.ts'

/** Who is far from his turn asks less often. */
const pollMs = (place: number) => Math.min(150, 3 + 2 * place) * (0.5 + Math.random())
const takePlace = luaScript(import.meta.url, 'evicting-queue.lua')

/**
 * Bug: a fair lock, a sorted set by the time of coming, that drops a dead head by its age in the line instead of its age as the holder. Whoever has waited for longer than the TTL counts as
 * dead in the moment in which his turn comes, and the next is let in beside him. redisson#3004 is a live waiter that is evicted so, #1104 and #4661 the dead head for which the rule was made. With
 * short lines it never shows.
 */
export default {
  name: 'evicting-queue',
  topologies: ['single', 'sentinel'],
  open(env) {
    const redis = env.connect()
    const leave = ({ key, token }: Held) => attempt(redis, () => redis.zrem(key, token))
    return {
      async acquire(key, { ttlMs, waitMs, signal }): Promise<Held | null> {
        const token = randomUUID()
        const giveUpAt = performance.now() + waitMs
        while (true) {
          const place = Number(await attempt(redis, () => takePlace(redis, [key], token, ttlMs)))
          if (place === 0) return { key, token }
          if (signal.aborted || performance.now() > giveUpAt) {
            await leave({ key, token })
            return null
          }
          await pause(pollMs(place), signal)
        }
      },
      async release(held: Held) {
        return (await leave(held)) === 1
      },
    }
  },
} satisfies Lock
