import { randomUUID } from 'node:crypto'
import { attempt } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { pause } from '../pause.ts'

const pollMs = 15
const releaseIfMine = luaScript(import.meta.url, '../release.lua')

/**
 * Bug: it knows how long its lease still lasts when the answer comes, and does not look whether that is anything at all: a grant that was over before it was heard of is
 * handed out like any other. The timer that would fire `lost` is set only for what lies ahead. redlock 5 beta leaves out the same check (a
 * validity of -156 ms was measured; redlock PR#369).
 */
export default {
  name: 'no-validity-check',
  topologies: ['single', 'sentinel'],
  open(env) {
    const redis = env.connect()
    const timers = new Map<string, NodeJS.Timeout>()
    return {
      async acquire(key, { ttlMs, waitMs, signal }): Promise<Held | null> {
        const token = randomUUID()
        const giveUpAt = performance.now() + waitMs
        while (true) {
          const sentAt = performance.now()
          const reply = await attempt(redis, () => redis.set(key, token, 'PX', ttlMs, 'NX'))
          if (reply === 'OK') {
            const over = new AbortController()
            const validityMs = sentAt + ttlMs - performance.now() - 5
            if (validityMs > 0)
              timers.set(
                token,
                setTimeout(() => over.abort(), validityMs),
              )
            return { key, token, lost: over.signal }
          }
          if (signal.aborted || performance.now() + pollMs > giveUpAt) return null
          await pause(pollMs, signal)
        }
      },
      async release({ key, token }: Held) {
        clearTimeout(timers.get(token))
        timers.delete(token)
        return (await attempt(redis, () => releaseIfMine(redis, [key], token))) === 1
      },
    }
  },
} satisfies Lock
