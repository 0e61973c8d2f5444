import type { Events } from '../history/event-table.ts'
import { eventsOf } from '../history/kinds.ts'
import type { Call } from './calls.ts'
import { readLagNs } from '../history/lag.ts'
import { removals, writes } from './key-record.ts'

/** The moment from which on a key had no time to live. */
export interface Endless {
  t: number
  /** Its lease was taken away, or it was written without one. */
  how: 'persist' | 'written'
}

/**
 * How a key came to have no time to live, by its name on the node, up to `t`; undefined where the record does not show it. Nothing is told across a
 * time in which the node was not seen. O(n)
 */
export function endlessSince(events: Events, node: string, name: string, t: number): Endless | undefined {
  let since: Endless | undefined
  for (const event of eventsOf(events, 'key')) {
    if (event.process !== node || event.t > t) continue
    if (event.event === 'gap' || event.event === 'resync') since = undefined
    if (event.key !== name || event.event === 'left') continue
    if (event.event === 'persist') since = { t: event.t, how: 'persist' }
    else if (event.event === 'expire' || removals.has(event.event)) since = undefined
    else if (event.event === 'sample') {
      if (event.pttlMs !== undefined && event.pttlMs !== -1) since = undefined
    } else if (event.event === 'set') since = { t: event.t, how: 'written' }
    // Other writes than SET leave a lease as it is.
    else if (writes(event)) since ??= { t: event.t, how: 'written' }
  }
  return since
}

/** Which calls may have done it: an extension takes a lease away, a grant or a release writes a key without one. */
const doers: Record<Endless['how'], readonly Call['f'][]> = { persist: ['extend'], written: ['acquire', 'release'] }

/** Whose call it may have been; `calls`: those of the lock's key. */
export const whoseEnd = ({ t, how }: Endless, calls: readonly Call[]): Call[] =>
  calls.filter(
    ({ f, outcome, invokeNs, endNs }) =>
      doers[how].includes(f) && outcome !== 'fail' && invokeNs <= t && endNs >= t - readLagNs,
  )
