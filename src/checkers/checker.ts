import type { Damage } from '../ledger/ledger.ts'
import type { Events } from '../history/event-table.ts'
import type { Cause } from './cause.ts'
import type { Plan } from '../plan/scenario.ts'

/**
 * A checker is a pure function from what was seen to findings, O(n log n). One that throws makes the verdict `unknown`, with its
 * stack in the report.
 */
export interface Checker {
  name: string
  /** One line for `picklock list checkers` and the reference page. */
  title: string
  /** The metrics that it is the one to count; each is 0 where it finds nothing. */
  metrics: readonly string[]
  check(evidence: Evidence): Finding[]
}

export interface Evidence {
  plan: Plan
  /** The whole history, merged and sorted by `t`. */
  events: Events
  /** The ledger's damage, counted by SQL; absent where the workload has no ledger. */
  damage?: Damage
  /** Whether the lock says of itself that it renews its leases while they are held (`autoExtend`). */
  autoExtend?: boolean
}

export type Blame = 'lock' | 'holder' | 'topology' | 'unclear'

export interface Finding {
  checker: string
  metric: string
  blame?: Blame
  count: number
  /** How many of them came of a stall that nobody planned: the machine or the ledger stood still, and they prove nothing. */
  stalled?: number
  /** How many of the others were too short for clocks that may differ (`clockErrorMs`), and prove nothing either. */
  blurred?: number
  /** One sentence for a person: what, when, and what the proof is. */
  message: string
  /** The first occurrence: `ops` name the operations in the history. */
  first?: { key: string; atMs: number; ops: number[] }
  /** What of the nodes' record the first occurrence rests on. */
  causes?: Cause[]
}
