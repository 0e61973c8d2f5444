import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { plain } from '../plain.ts'

/**
 * Bug: its extension sends the right script and does not look at the answer: what was refused counts as extended, for another full lease. A
 * script that returns 0 is no error, and a `try` around it sees nothing (RedLock.net#93: `IsAcquired` stays true).
 */
export default {
  name: 'extend-says-yes',
  topologies: ['single', 'sentinel'],
  capabilities: { extend: true },
  open(env) {
    const right = plain(env.connect())
    return {
      ...right,
      async extend(held: Held, ttlMs: number) {
        const sentAt = performance.now()
        await right.extend(held, ttlMs)
        return { validForMs: ttlMs * 0.98 - (performance.now() - sentAt) }
      },
    }
  },
} satisfies Lock
