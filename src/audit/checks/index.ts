import { bookkeeping } from './bookkeeping.ts'
import type { Check } from './check.ts'
import { clients } from './clients.ts'
import { eviction } from './eviction.ts'
import { growth } from './growth.ts'
import { keysWithoutTtl } from './keys-without-ttl.ts'
import { lockTtlOverLimit } from './lock-ttl-over-limit.ts'
import { lockWithoutTtl } from './lock-without-ttl.ts'
import { memoryLimit } from './memory-limit.ts'
import { persistence } from './persistence.ts'
import { refusedWrites } from './refused-writes.ts'
import { replication } from './replication.ts'
import { sentinelQuorum } from './sentinel-quorum.ts'
import { slowCommands } from './slow-commands.ts'
import { timeouts } from './timeouts.ts'

/** The registry: a new check is one file and one line here. */
export const checks = {
  'lock-without-ttl': lockWithoutTtl,
  'lock-ttl-over-limit': lockTtlOverLimit,
  growth,
  'keys-without-ttl': keysWithoutTtl,
  bookkeeping,
  'memory-limit': memoryLimit,
  eviction,
  'refused-writes': refusedWrites,
  persistence,
  replication,
  'sentinel-quorum': sentinelQuorum,
  clients,
  timeouts,
  'slow-commands': slowCommands,
} satisfies Record<string, Check>
