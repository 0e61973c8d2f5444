import coupon from './coupon.ts'
import mutex from './mutex.ts'
import oversell from './oversell.ts'
import points from './points.ts'
import type { Workload } from './workload.ts'

/** All workloads, by the `kind` of a scenario's `workload:` block. */
export const workloads = { mutex, oversell, coupon, points } satisfies Record<string, Workload>
export type WorkloadKind = keyof typeof workloads
