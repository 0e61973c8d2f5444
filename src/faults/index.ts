import type { Fault } from './fault.ts'
import { kill } from './kill.ts'
import { latency } from './latency.ts'
import { partition } from './partition.ts'

/** The registry: a new fault is one file and one line here. */
export const faults = { kill, latency, partition } as const satisfies Record<string, Fault>

export type FaultName = keyof typeof faults
