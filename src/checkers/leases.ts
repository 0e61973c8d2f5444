import type { Hold } from './holds.ts'
import { isProven, isWrittenAgain } from './anchor.ts'
import { lastUpTo, removals, valueAfter, writes, type Track } from './key-record.ts'
import type { Scene } from './scene.ts'

/** Events of one lease: a renewal every few ms for a minute. */
const leaseEventsMax = 10_000

/**
 * When the grant's key was due to end on the node, as samples of its value and PTTL tell: the latest end that any of them shows while the key was the
 * grant's. An upper bound, because a sample is written down after the node answered. Infinity where it had no time to live, or where the last
 * word on it was not sampled; undefined where no sample shows the key.
 */
export function dueNs(scene: Scene, node: string, hold: Hold): number | undefined {
  const track = scene.record.track(node, hold.key)
  const anchor = scene.anchor(node, hold)
  if (track === undefined || anchor === undefined) return undefined
  const { token } = hold
  if (token === undefined) return anybodysDueNs(track, hold)
  if (!isProven(track, anchor, hold)) return undefined
  let due: number | undefined
  let unsampled = false
  const { events } = track
  for (let at = anchor; at < events.length && at - anchor < leaseEventsMax; at++) {
    const event = events[at]!
    if (event.event === 'sample') {
      if (event.pttlMs === undefined || event.pttlMs === -2 || !event.value?.includes(token)) break
      const endNs = event.pttlMs === -1 ? Infinity : event.t + event.pttlMs * 1e6
      // One without an end may get it by the next command.
      due = due === undefined || due === Infinity ? endNs : Math.max(due, endNs)
      unsampled = false
    } else if (event.event === 'gap') return Infinity
    else if (event.event === 'del' && isWrittenAgain(events, at, token)) continue
    // An earlier try of the same call was taken back, and the one that counted was not seen.
    else if (event.event === 'del' && event.t < hold.startNs) return undefined
    else if (removals.has(event.event)) break
    else if (event.event === 'expire' || event.event === 'persist') unsampled = true
    else if (writes(event)) {
      const value = valueAfter(events, at)
      if (value !== undefined && !value.includes(token)) break
      unsampled ||= value === undefined
    }
  }
  return unsampled ? Infinity : due
}

/**
 * Likewise for a node whose record does not show how the key came there: a replica that read the whole data set of its primary, and is the primary
 * by now. Any sample of the token tells, from the grant to the end of the claim or the release.
 */
export function seenDueNs(scene: Scene, node: string, hold: Hold): number | undefined {
  const { token } = hold
  const events = scene.record.track(node, hold.key)?.events
  if (events === undefined || token === undefined || scene.anchor(node, hold) !== undefined) return undefined
  let due: number | undefined
  const untilNs = Math.min(hold.validUntilNs, hold.releaseNs)
  for (let at = lastUpTo(events, untilNs); at >= 0 && events[at]!.t >= hold.startNs; at--) {
    const { event, t, pttlMs = -2, value } = events[at]!
    if (event !== 'sample' || pttlMs === -2 || !value?.includes(token)) continue
    due = Math.max(due ?? -Infinity, pttlMs === -1 ? Infinity : t + pttlMs * 1e6)
  }
  return due
}

/** Where tokens do not tell: the latest end of whatever was there from the acquire to the end of the claim. */
function anybodysDueNs({ events }: Track, hold: Hold): number | undefined {
  let due: number | undefined
  for (let at = lastUpTo(events, hold.validUntilNs); at >= 0 && events[at]!.t >= hold.invokeNs; at--) {
    const { event, t, pttlMs } = events[at]!
    if (event !== 'sample' || pttlMs === undefined || pttlMs === -2) continue
    due = Math.max(due ?? -Infinity, pttlMs === -1 ? Infinity : t + pttlMs * 1e6)
  }
  return due
}
