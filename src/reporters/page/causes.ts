import { blamer } from '../../checkers/blame.ts'
import type { Call } from '../../checkers/calls.ts'
import type { Evidence } from '../../checkers/checker.ts'
import { endlessSince } from '../../checkers/endless.ts'
import { eventsOf } from '../../history/kinds.ts'
import { firstOf, violations, type Judged } from '../timeline.ts'

/** An event of a node on which the finding that is shown rests. */
export interface Cause {
  node: string
  /** ns */
  t: number
  /** `server-1's key deleted`, for a picture. */
  what: string
  /** Whose call was under way then; a node's events do not name the sender. */
  by: Call | undefined
}

/** Of two holds that overlapped, by their indices into the history's holds. */
export const causesOfOverlap = (evidence: Evidence, first: number, second: number): Cause[] =>
  (blamer(evidence)(first, second).causes ?? []).map(({ by, ...cause }) => ({ ...cause, by: by() }))

/** Where no key was held twice: how a key that was left came to have no time to live. */
export function causesOfViolation(report: Judged, { events }: Evidence): Cause[] {
  const finding = firstOf(violations(report))
  if (finding?.metric !== 'leaked_keys') return []
  const left = eventsOf(events, 'key').filter(({ event, key }) => event === 'left' && key === finding.first!.key)
  return left.flatMap(({ process, key, t, pttlMs = -1 }) => {
    const endless = pttlMs < 0 ? endlessSince(events, process, key, t) : undefined
    if (endless === undefined) return []
    const what = endless.how === 'persist' ? 'its time to live taken away' : 'written without a time to live'
    return [{ node: process, t: endless.t, what, by: endless.by }]
  })
}
