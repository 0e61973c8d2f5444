import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { plain, polling } from '../plain.ts'

/**
 * Bug: its token is the server's name, not the grant's own. Compare-and-delete then tells servers apart and not their callers: a holder that overslept its
 * lease extends and releases that of the next caller of the same server. Spring's RedisLockRegistry has one token per registry; a host name or a process id is
 * the usual home-made one.
 */
export default {
  name: 'host-token',
  topologies: ['single', 'sentinel'],
  capabilities: { extend: true },
  open(env) {
    const right = plain(env.connect())
    return {
      ...right,
      async acquire(key, waiting): Promise<Held | null> {
        const taken = await polling(waiting, () => right.take(key, env.server, waiting.ttlMs))
        return taken ? { key, token: env.server } : null
      },
    }
  },
} satisfies Lock
