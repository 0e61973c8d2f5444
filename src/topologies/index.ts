import type { TopologyKind } from '../locks/lock.ts'
import { redlock } from './redlock.ts'
import { sentinel } from './sentinel.ts'
import { single } from './single.ts'
import type { Topology } from './topology.ts'

export const topologies = { single, sentinel, redlock } satisfies Record<TopologyKind, Topology>
