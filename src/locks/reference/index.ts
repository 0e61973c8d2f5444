import type { Grant, Lock } from '../lock.ts'
import { harnessOptions } from './harness-options.ts'
import { createLocks, type HeldLock } from './locks.ts'

/**
 * The lock that the drills are calibrated with: correct on a single Redis, behind Sentinel as far as asynchronous replication lets
 * any lock be, and on independent nodes by the published Redlock algorithm. The same as `picklock/reference`.
 *
 * Options: those of `createLocks` but `redis`; `breaker: true` and its options beside the others; and `renew` (false): its watchdog renews,
 * for work that outlasts the TTL.
 */
export default {
  name: 'reference',
  capabilities: { extend: true, fencing: true },
  bookkeeping: ['picklock:*'],
  async open(env) {
    const { renew, ...options } = harnessOptions(env)
    const locks = createLocks(options)
    await locks.ready
    return {
      acquire: (key, { ttlMs, waitMs, signal }) =>
        locks.tryAcquire(key, { ttlMs, waitMs, signal, renew }).then(
          (lock) => lock && (renew ? withoutEnd(lock) : (lock as Grant)),
          (error: Error) => {
            // Who cancels holds nothing, and what was sent for him is taken back.
            if (signal.aborted) return null
            throw error
          },
        ),
      release: (grant) => heldBy(grant).release(),
      async extend(grant, ttlMs) {
        const lock = heldBy(grant)
        return (await lock.extend(ttlMs)) && { validForMs: lock.validForMs }
      },
      counters: () => ({ ...locks.counters() }),
      close: () => locks.close(),
    }
  },
} satisfies Lock

/** One that renews itself claims no end: belief lasts until `lost`. */
const withoutEnd = (lock: HeldLock): Grant & { lock: HeldLock } => {
  const { token, fence, lost } = lock
  return { lock, token, lost, ...(fence !== undefined && { fence }) }
}

const heldBy = (grant: Grant): HeldLock => ('lock' in grant ? (grant.lock as HeldLock) : (grant as HeldLock))
