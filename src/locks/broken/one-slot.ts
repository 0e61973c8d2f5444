import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { plain } from '../plain.ts'

/**
 * Bug: each process keeps one slot for "the" lock that it holds, and a release frees what is in the slot. Whoever takes a second key before the first is given back has the first one
 * left on Redis until its lease ends, and the second one freed under the work of somebody else. In spring-integration two keys shared a mutex of the process and one of
 * them was never freed (spring-integration#11146); with one key at a time it never shows.
 */
export default {
  name: 'one-slot',
  topologies: ['single', 'sentinel'],
  open(env) {
    const right = plain(env.connect())
    let slot: Held | undefined
    return {
      async acquire(key, waiting) {
        const held = await right.acquire(key, waiting)
        if (held !== null) slot = held
        return held
      },
      async release() {
        const held = slot
        slot = undefined
        return held !== undefined && right.release(held)
      },
    }
  },
} satisfies Lock
