import type { Shop } from './order.ts'
import { Deadline } from './deadline.ts'
import { answerTimeoutMs } from './calls.ts'

/** Keys that are tried; a lock that leaves state behind does so on more than one. */
const keysMax = 32
/** Nobody waits longer than that for the verdict, however long a lease is. */
const waitMaxMs = 5_000

/**
 * When the drill is over: takes keys that this server asked for once more, all at once, and gives them back. A lock that still refuses
 * after the length of a lease, though nobody holds anything, has left something behind that no look at Redis shows. It is recorded as
 * `audit`, and measured by nobody. `busy`: names of keys that are on a node: their leases may have some time to go, and they are left out.
 */
export async function auditKeys(shop: Shop, busy: readonly string[]): Promise<void> {
  const { lock, ttlMs } = shop
  const keys = [...shop.tally.asked].filter((key) => !busy.some((name) => name.includes(key))).slice(0, keysMax)
  const waitMs = Math.min(Math.ceil(ttlMs * 1.1), waitMaxMs)
  const deadline = new Deadline(waitMs + answerTimeoutMs)
  await Promise.all(
    keys.map(async (key) => {
      const fromMs = performance.now()
      const tell = (type: 'ok' | 'fail' | 'info', error?: string) =>
        shop.record({ process: shop.server, type, f: 'audit', key, waitedMs: performance.now() - fromMs, error })
      try {
        const { signal } = new AbortController()
        const grant = await deadline.within(() => lock.acquire(key, { ttlMs, waitMs, signal }))
        if (grant === null) return tell('fail', 'contended')
        if (typeof grant !== 'object') return tell('info', 'no answer that means anything')
        tell('ok')
        await deadline.within(() => lock.release(grant))
      } catch (error) {
        tell('info', error instanceof Error ? error.message : String(error))
      }
    }),
  )
}
