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
import { blockEventLoop } from './block-event-loop.ts'
import { crash } from './crash.ts'
import { stopProcess } from './stop-process.ts'
import { bandwidth } from './bandwidth.ts'
import { blackHole } from './black-hole.ts'
import { clientKill } from './client-kill.ts'
import { clientPause } from './client-pause.ts'
import { dropReply } from './drop-reply.ts'
import { flap } from './flap.ts'
import { maxClients } from './max-clients.ts'
import { reset } from './reset.ts'
import { slowScript } from './slow-script.ts'

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
  bandwidth,
  'black-hole': blackHole,
  'client-kill': clientKill,
  'client-pause': clientPause,
  'drop-reply': dropReply,
  flap,
  'max-clients': maxClients,
  reset,
  'slow-script': slowScript,
  'stop-process': stopProcess,
  'block-event-loop': blockEventLoop,
  crash,
} as const satisfies Record<string, Fault>

export type FaultName = keyof typeof faults
