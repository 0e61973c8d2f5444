import { UsageError } from '../lib/failure.ts'
import { listed } from '../lib/nearest.ts'
import type { LockDescription } from '../server/messages.ts'
import { topologyKinds } from '../plan/scenario.ts'
import type { Lock, TopologyKind } from './lock.ts'

/** The lock's declarations with their defaults filled in. */
export function describe({ name, topologies, capabilities, bookkeeping }: Omit<Lock, 'open'>): LockDescription {
  return {
    name,
    topologies: topologies ?? topologyKinds,
    capabilities: capabilities ?? {},
    bookkeeping: bookkeeping ?? [],
  }
}

/** Throws UsageError where the lock does not serve this topology. */
export function checkTopology(lock: LockDescription, topology: TopologyKind): void {
  if (lock.topologies.includes(topology)) return
  throw new UsageError(`the lock ${lock.name} is made for ${listed(lock.topologies)}, not for ${topology}`)
}
