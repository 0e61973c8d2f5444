import type { KeyEvent } from '../history/event.ts'
import type { Hold } from './holds.ts'
import { readLagNs } from '../history/lag.ts'
import { lastUpTo, removals, sampleAfter, valueAfter, valueIn, writes, type Track } from './key-record.ts'

/** A sample that shows the grant's token is proof at any time; the search for it ends here. */
const provenLagNs = 2e9
/** Where a node does so much that keys change faster than they can be sampled, its events are read later as well: seen were up to 140 ms. (A reader that is further behind says so.) */
const unsampledLagNs = 250e6

/** Events that are looked at on either side of a grant. */
const anchorStepsMax = 5000

/**
 * The event with which a grant's key came into being on the node, as an index into the track: the last write before the grant that a
 * sample shows to hold its token and that is still there, or the first one soon after it, or the sample that found it after a gap, or, where tokens do not tell, the last write
 * in the time of its acquire that is not known to be another's, or else one that was gone before.
 */
export function anchorOf(track: Track | undefined, hold: Hold): number | undefined {
  if (!track) return undefined
  const { events } = track
  const { token, invokeNs, startNs } = hold
  const last = lastUpTo(events, startNs)
  let found: number | undefined
  let unknown: number | undefined
  let takenBack: number | undefined
  let removed = false
  for (let at = last; at >= 0 && events[at]!.t >= invokeNs && last - at < anchorStepsMax; at--) {
    removed ||= removals.has(events[at]!.event)
    const whose = whoseWrite(track, at, token)
    if (whose === 'ours') {
      // An earlier try of the same call may have been taken back, and the vote that counted comes after the majority's.
      if (!writes(events[at]!)) found ??= at
      else if (!removed) return writtenAgain(track, at, hold) ?? at
      else takenBack ??= at
    } else if (whose === 'unknown' && takenBack === undefined) unknown ??= at
  }
  const latestNs = startNs + (token === undefined ? readLagNs : provenLagNs)
  for (let at = last + 1; at < events.length && events[at]!.t <= latestNs && at - last < anchorStepsMax; at++) {
    const whose = whoseWrite(track, at, token)
    if (whose === 'ours') return at
    if (whose === 'unknown' && events[at]!.t <= startNs + (token === undefined ? readLagNs : unsampledLagNs))
      unknown ??= at
  }
  // A write that no sample tells of may be the one that counted, where it came after the try that was taken back.
  return found ?? unknown ?? takenBack
}

/**
 * The observer reads later than the holder: what it saw before the grant may be a try that was taken back, and the one that counted comes
 * right after it.
 */
function writtenAgain(track: Track, anchor: number, { token, startNs }: Hold): number | undefined {
  const { events } = track
  let removed = false
  for (let at = anchor + 1; at < events.length && events[at]!.t <= startNs + readLagNs; at++) {
    removed ||= removals.has(events[at]!.event)
    const whose = whoseWrite(track, at, token)
    if (removed && whose === 'ours') return at
    if (whose === 'others') return undefined
  }
  return undefined
}

/** Whether a write that no sample tells of came so late after the grant that it is hardly its own, and may be all the same: the observer was far behind. */
export function mayComeLate(track: Track, { token, startNs }: Hold): boolean {
  const { events } = track
  for (let at = lastUpTo(events, startNs) + 1; at < events.length && events[at]!.t <= startNs + provenLagNs; at++)
    if (whoseWrite(track, at, token) === 'unknown') return true
  return false
}

/** The next write that no sample tells of, soon enough after the grant to be its own: two grants that are not proven have not written the same. */
export function nextUnknown(track: Track, anchor: number, { token, startNs }: Hold): number | undefined {
  const { events } = track
  for (let at = anchor + 1; at < events.length && events[at]!.t <= startNs + unsampledLagNs; at++)
    if (whoseWrite(track, at, token) === 'unknown') return at
  return undefined
}

/** Whether a sample shows the grant's token in what the event wrote. */
export const isProven = (track: Track, anchor: number, { token }: Hold): boolean =>
  whoseWrite(track, anchor, token) === 'ours'

/** Of an event that brought a key into being, or found it after a gap; undefined of any other. */
function whoseWrite(
  { events, deposedNs }: Track,
  at: number,
  token: string | undefined,
): 'ours' | 'others' | 'unknown' | undefined {
  const event = events[at]!
  if (event.event === 'sample') {
    const first = at === 0 || events[at - 1]!.event === 'resync'
    return first && token !== undefined && event.value?.includes(token) ? 'ours' : undefined
  }
  if (!writes(event)) return undefined
  const sample = token === undefined ? undefined : sampleAfter(events, at)
  const value = valueIn(sample)
  if (value === undefined) return 'unknown'
  if (value.includes(token!)) return 'ours'
  return isReplaced(event, sample!, deposedNs) ? 'unknown' : 'others'
}

/** A node that was deposed is made a replica this soon, where its connections are left standing. (Sentinel closes them.) */
const demotedNs = 1e9

/** Whether what a sample shows may be the new primary's key, and not what was written. */
const isReplaced = (write: KeyEvent, sample: KeyEvent, deposedNs: readonly number[]): boolean =>
  deposedNs.some((t) => t >= write.t - demotedNs && t <= sample.t + readLagNs)

/** Whether a removal is the first half of writing the key anew: the next write, a moment later, has the token again. */
export function isWrittenAgain(events: readonly KeyEvent[], removal: number, token: string | undefined): boolean {
  if (token === undefined) return false
  let next = removal + 1
  while (next < events.length && !writes(events[next]!)) next++
  const soon = next < events.length && events[next]!.t - events[removal]!.t < readLagNs
  return soon && (valueAfter(events, next)?.includes(token) ?? false)
}
