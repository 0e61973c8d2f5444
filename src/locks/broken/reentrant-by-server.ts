import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { plain, polling } from '../plain.ts'
import { randomUUID } from 'node:crypto'

/**
 * Bug: re-entrancy by process. Who finds its own server's lease is let in at once, and the last one out releases. In a language with threads that would ask for the
 * thread; here every request of a server is "the same caller", and two of them are inside at once. Redisson's owner is a client id *and* a thread id for that
 * reason; a port to an event loop keeps only the first (redisson#2172 let several in by its options).
 */
export default {
  name: 'reentrant-by-server',
  topologies: ['single', 'sentinel'],
  open(env) {
    const right = plain(env.connect())
    const mine = new Map<string, { token: string; entered: number }>()

    return {
      async acquire(key, waiting): Promise<Held | null> {
        const token = randomUUID()
        let held: Held | null = null
        await polling(waiting, async () => {
          const own = mine.get(key)
          if (own !== undefined) {
            own.entered++
            held = { key, token: own.token }
          } else if (await right.take(key, token, waiting.ttlMs)) {
            mine.set(key, { token, entered: 1 })
            held = { key, token }
          }
          return held !== null
        })
        return held
      },
      async release(held: Held) {
        const own = mine.get(held.key)
        if (own?.token === held.token && --own.entered > 0) return true
        if (own?.token === held.token) mine.delete(held.key)
        return right.release(held)
      },
    }
  },
} satisfies Lock
