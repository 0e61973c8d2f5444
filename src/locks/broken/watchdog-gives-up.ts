import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { plain } from '../plain.ts'

/** How long a renewal may take before it has failed. */
const timeoutMs = 120

/**
 * Bug: its watchdog renews at every third of the lease, and dies of the first renewal that fails. A hiccup of a moment, and the work goes on under a
 * lease that nobody renews any more; `lost` is never said, because nobody is left to say it. Redisson's for years (redisson#2515, #3194, #5697).
 */
export default {
  name: 'watchdog-gives-up',
  topologies: ['single', 'sentinel'],
  capabilities: { autoExtend: true },
  open(env) {
    const right = plain(env.connect())
    const renewing = plain(env.connect(0, { commandTimeout: timeoutMs, enableOfflineQueue: false }))
    const watches = new Map<string, NodeJS.Timeout>()

    return {
      async acquire(key, waiting) {
        const held = await right.acquire(key, waiting)
        if (held === null) return null
        const lost = new AbortController()
        const stop = () => clearInterval(watch)
        const watch = setInterval(() => {
          renewing.extend(held, waiting.ttlMs).then((mine) => mine || (stop(), lost.abort()), stop)
        }, waiting.ttlMs / 3)
        watches.set(held.token, watch)
        return { ...held, lost: lost.signal }
      },
      async release(held: Held) {
        clearInterval(watches.get(held.token))
        watches.delete(held.token)
        return right.release(held)
      },
      close: () => watches.forEach((watch) => clearInterval(watch)),
    }
  },
} satisfies Lock
