import { attempt } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { plain } from '../plain.ts'

/**
 * Bug: its extension is a PEXPIRE that does not ask whose key it prolongs. A holder that overslept its lease prolongs that of the next one, is told
 * that it holds the lock for another while, and goes on beside it. Seen in hand-made watchdogs ("the key is there, so it is ours"), and in the
 * first versions of several clients' `renew`.
 */
export default {
  name: 'extends-anybody',
  topologies: ['single', 'sentinel'],
  capabilities: { extend: true },
  open(env) {
    const redis = env.connect()
    return {
      ...plain(redis),
      async extend({ key }: Held, ttlMs: number) {
        const sentAt = performance.now()
        if ((await attempt(redis, () => redis.pexpire(key, ttlMs))) === 0) return false
        return { validForMs: ttlMs * 0.98 - (performance.now() - sentAt) }
      },
    }
  },
} satisfies Lock
