import type { Event } from '../history/event.ts'
import { eventsOf } from '../history/kinds.ts'
import { callsOf, type Call } from './calls.ts'
import { readLagNs, removals, writes } from './key-record.ts'

/** The moment from which on a key had no time to live. */
export interface Endless {
  node: string
  t: number
  /** Its lease was taken away, or it was written without one. */
  how: 'persist' | 'written'
  /** Whose call it was: of those under way then, the one that was asked for last. */
  by: Call | undefined
}

/** A lease that is set by a command of its own is told right after the write. */
const togetherNs = 5e6

/** How the key on the node lost its time to live, up to `t`; undefined where the record does not show it. O(n) */
export function endlessSince(events: readonly Event[], node: string, key: string, t: number): Endless | undefined {
  let since: Pick<Endless, 't' | 'how'> | undefined
  for (const event of eventsOf(events, 'key')) {
    if (event.process !== node || event.key !== key || event.t > t || event.event === 'left') continue
    if (event.event === 'persist') since = { t: event.t, how: 'persist' }
    else if (event.event === 'expire' || removals.has(event.event)) since = undefined
    // Some writes keep a lease, others take it: only a new key has none for certain.
    else if (writes(event)) since ??= { t: event.t, how: 'written' }
    else if (event.event === 'sample' && since?.how === 'written' && (event.pttlMs ?? -1) >= 0) since = undefined
  }
  return since && { node, ...since, by: callAt(events, key, since.t) }
}

function callAt(events: readonly Event[], key: string, t: number): Call | undefined {
  return callsOf(events)
    .ofKey(key)
    .findLast(({ invokeNs, endNs }) => invokeNs <= t + togetherNs && endNs >= t - readLagNs)
}
