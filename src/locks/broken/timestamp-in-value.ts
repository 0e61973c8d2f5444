import { attempt } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { pause } from '../pause.ts'

const pollMs = 20
const releaseIfMine = luaScript(import.meta.url, '../release.lua')

/**
 * Bug: the lease's end stands in the value, by the clients' clocks, and the key itself never ends: SETNX with a timestamp, and GETSET to take over one that is overdue, as
 * Redis' own page on SETNX taught it before SET NX PX. A key that nobody asks for again stays for ever; one whose holder died is full of life to
 * every tool that looks at it. (That a loser's GETSET leaves its own value behind, so that the winner's release finds another's, belongs to the recipe.)
 */
export default {
  name: 'timestamp-in-value',
  topologies: ['single', 'sentinel'],
  open(env) {
    const redis = env.connect(0, { maxRetriesPerRequest: 1, autoResendUnfulfilledCommands: false })
    /** Two callers have two values, also in the same millisecond. */
    let calls = 0
    return {
      async acquire(key, { ttlMs, waitMs, signal }): Promise<Held | null> {
        const giveUpAt = performance.now() + waitMs
        while (true) {
          const token = `${Date.now() + ttlMs}-${env.server}-${calls++}`
          if ((await attempt(redis, () => redis.setnx(key, token))) === 1) return { key, token }
          const current = await attempt(redis, () => redis.get(key))
          if (current !== null && Number.parseInt(current) < Date.now()) {
            // Whoever sees the overdue value come back was the first to replace it.
            if ((await attempt(redis, () => redis.getset(key, token))) === current) return { key, token }
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
