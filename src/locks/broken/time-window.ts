import { randomUUID } from 'node:crypto'
import { attempt } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { pause } from '../pause.ts'

const pollMs = 10
const windowMs = 500
const releaseIfMine = luaScript(import.meta.url, '../release.lua')

/**
 * Bug: the key carries the time window, as a rate limiter's does: `stock:7:1049`, "so that a dead holder is forgotten with his window". Where a window ends, whoever comes next takes a fresh
 * key beside the one that is still held. Deduplication keys with the minute in them are the usual form; with long windows and short work it takes a while to be seen.
 */
export default {
  name: 'time-window',
  topologies: ['single', 'sentinel'],
  open(env) {
    const redis = env.connect()
    return {
      async acquire(key, { ttlMs, waitMs, signal }): Promise<Held | null> {
        const token = randomUUID()
        const giveUpAt = performance.now() + waitMs
        while (true) {
          const windowed = `${key}:${Math.floor(Date.now() / windowMs)}`
          const reply = await attempt(redis, () => redis.set(windowed, token, 'PX', ttlMs, 'NX'))
          if (reply === 'OK') return { key: windowed, token }
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
