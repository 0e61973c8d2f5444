import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { plain } from '../plain.ts'

const timeoutMs = 120

/**
 * Bug: the release is sent and not waited for, and its watchdog is stopped where it succeeds, and not when it was called. A release that fails on the way leaves a lock that
 * nobody holds and that is renewed until the process ends: everybody else waits in vain. RedLock.net left the key of 0.6 % of its locks so (RedLock.net
 * PR#64), and Redisson renews what an interrupted caller never got (redisson#7272, #1626).
 */
export default {
  name: 'watchdog-outlives-release',
  topologies: ['single', 'sentinel'],
  capabilities: { autoExtend: true },
  open(env) {
    const right = plain(env.connect())
    const direct = plain(
      env.connect(0, { commandTimeout: timeoutMs, enableOfflineQueue: false, maxRetriesPerRequest: 0 }),
    )
    const watches = new Map<string, NodeJS.Timeout>()

    return {
      async acquire(key, waiting) {
        const held = await right.acquire(key, waiting)
        if (held === null) return null
        const lost = new AbortController()
        const watch = setInterval(() => {
          const gone = () => {
            clearInterval(watch)
            lost.abort()
          }
          right.extend(held, waiting.ttlMs).then(
            (mine) => mine || gone(),
            () => {},
          )
        }, waiting.ttlMs / 3)
        watches.set(held.token, watch)
        return { ...held, lost: lost.signal }
      },
      async release(held: Held) {
        // Nobody has to wait for it: should it get lost, the lease ends by itself.
        direct.release(held).then(
          () => {
            clearInterval(watches.get(held.token))
            watches.delete(held.token)
          },
          (error: Error) => env.log(`${held.key} was not released: ${error.message}`),
        )
        return true
      },
      close: () => watches.forEach((watch) => clearInterval(watch)),
    }
  },
} satisfies Lock
