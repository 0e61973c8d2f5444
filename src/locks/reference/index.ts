import type { Lock } from '../lock.ts'
import { openQuorum } from './quorum.ts'
import { openSingle } from './single.ts'

/**
 * The lock that the drills are calibrated with: correct on a single Redis, behind Sentinel as far as asynchronous replication lets
 * any lock be, and on independent nodes by the published Redlock algorithm.
 *
 * Options: `timeoutMs`, how long one call to one node may take (1000; on a quorum 250, which must stay well below the TTL).
 */
export default {
  name: 'reference',
  capabilities: { extend: true, fencing: true },
  bookkeeping: ['fence:*'],
  open: (env) => (env.size === 1 ? openSingle(env) : openQuorum(env)),
} satisfies Lock
