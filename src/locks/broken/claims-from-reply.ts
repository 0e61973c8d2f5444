import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { plain } from '../plain.ts'

/**
 * Bug: it counts its validity from the moment at which the reply was read. The lease began when Redis wrote the key, and while the reply was on its way, or its
 * reader stood still, it has run: the claim ends after the key does. The algorithm says to subtract what acquiring took (redlock PR#369; redlock 5 beta skips the
 * check and hands out leases that are over).
 */
export default {
  name: 'claims-from-reply',
  topologies: ['single', 'sentinel'],
  capabilities: { extend: true },
  open(env) {
    const right = plain(env.connect())
    return {
      release: right.release,
      async acquire(key, waiting) {
        const held = await right.acquire(key, waiting)
        return held && { ...held, validForMs: waiting.ttlMs * 0.98 }
      },
      async extend(held: Held, ttlMs: number) {
        return (await right.extend(held, ttlMs)) && { validForMs: ttlMs * 0.98 }
      },
    }
  },
} satisfies Lock
