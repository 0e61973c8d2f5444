import type { Fault } from './fault.ts'
import { clockJump } from './clock-jump.ts'
import { cutReplication } from './cut-replication.ts'
import { eviction } from './eviction.ts'
import { failover } from './failover.ts'
import { flush } from './flush.ts'
import { isolatePrimary } from './isolate-primary.ts'
import { kill } from './kill.ts'
import { latency } from './latency.ts'
import { memoryDeath } from './memory-death.ts'
import { misconf } from './misconf.ts'
import { oom } from './oom.ts'
import { partition } from './partition.ts'
import { pause } from './pause.ts'

/** The registry: a new fault is one file and one line here. */
export const faults = {
  kill,
  latency,
  partition,
  failover,
  'cut-replication': cutReplication,
  'isolate-primary': isolatePrimary,
  'clock-jump': clockJump,
  eviction,
  flush,
  'memory-death': memoryDeath,
  misconf,
  oom,
  pause,
} as const satisfies Record<string, Fault>

export type FaultName = keyof typeof faults
