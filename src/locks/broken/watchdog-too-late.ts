import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { plain } from '../plain.ts'

/**
 * Bug: its watchdog renews when the lease is over, to the millisecond. The timer comes late, the request takes its time, and the key is gone: it says `lost`, but
 * until the answer is there two have held the lock. An interval that was meant to be a part of the lease and is the whole of it (a unit, a rounding, a
 * configured TTL that is shorter than the built-in interval).
 */
export default {
  name: 'watchdog-too-late',
  topologies: ['single', 'sentinel'],
  capabilities: { autoExtend: true },
  open(env) {
    const right = plain(env.connect())
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
        }, waiting.ttlMs)
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
