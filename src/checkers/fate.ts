import { isWrittenAgain } from './anchor.ts'
import { readLagNs } from '../history/lag.ts'
import { removals, valueAfter, writes, type Track } from './key-record.ts'
import type { Hold } from './holds.ts'

/**
 * What became of a grant's key on one node: how it ended there, or nothing where it never did.
 *
 * `deleted`, `overwritten`, `evicted` and `moved` are what they say. `expired` came at its time, `early` before the time that was asked for. `gap`: it
 * was there before the record has a gap and is gone after it; `restart`: likewise, and the node was restarted meanwhile. `vanished`: gone, or another's, without
 * an event (a flush sends none, nor does a node that takes over the keys of its primary).
 */
export interface Loss {
  kind: 'deleted' | 'overwritten' | 'evicted' | 'moved' | 'expired' | 'early' | 'gap' | 'restart' | 'vanished'
  /** Index into the track. */
  at: number
  t: number
}

/**
 * Follows a grant's key from its anchor to its end on the node; undefined where the record does not see it end.
 * @param mayBeReplica a replica does not expire keys by itself: its primary tells it to delete them
 */
export function lossOf(track: Track, anchor: number, hold: Hold, mayBeReplica: boolean): Loss | undefined {
  const { events } = track
  let dueNs = leaseEndNs(hold)
  let gapAt = -1
  let restarted = false
  /** Of the last gap. */
  let resynced = true
  const inGap = (): Loss => ({ kind: restarted ? 'restart' : 'gap', at: gapAt, t: events[gapAt]!.t })

  for (let at = anchor + 1; at < events.length; at++) {
    const event = events[at]!
    // What a new connection tells first comes before it is known whether the node was restarted.
    if (!resynced && event.event !== 'gap') restarted ||= isRestart(events, at)
    if (event.event === 'gap') {
      if (gapAt < 0) gapAt = at
      resynced = false
    } else if (event.event === 'resync') {
      restarted ||= event.value === 'restarted'
      resynced = true
    } else if (event.event === 'sample') {
      const gone = event.pttlMs === -2
      const foreign = hold.token !== undefined && event.value !== undefined && !event.value.includes(hold.token)
      if (gone || foreign) {
        if (gapAt >= 0) return inGap()
        // Had it been overwritten, there would be a write.
        return { kind: 'vanished', at, t: event.t }
      }
      if (event.pttlMs !== undefined && event.pttlMs >= 0) dueNs = event.t + event.pttlMs * 1e6
      // Seen alive, whatever happened in the gap; without a token anybody's key looks like ours.
      if (hold.token !== undefined && event.value !== undefined) gapAt = -1
      if (gapAt < 0) restarted = false
    } else if (removals.has(event.event)) {
      if (gapAt >= 0 && restarted) return inGap()
      // A try that is taken back while another one of the same call counts, or an extension by deletion and SET.
      if (event.event === 'del' && isWrittenAgain(events, at, hold.token)) continue
      const replicated = mayBeReplica && event.event === 'del' && event.t >= dueNs - readLagNs
      const kind = removal(replicated ? 'expired' : event.event)
      const early = kind === 'expired' && event.t < earliestEndNs(track, anchor, hold, event.t)
      return { kind: early ? 'early' : kind, at, t: event.t }
    } else if (writes(event)) {
      if (gapAt >= 0) return inGap()
      const value = valueAfter(events, at)
      // A lock may write its own key again: an extension by SET, a reentrant counter.
      if (hold.token !== undefined && value !== undefined && !value.includes(hold.token))
        return { kind: 'overwritten', at, t: event.t }
    }
  }
  return gapAt >= 0 ? inGap() : undefined
}

/** What the gap that is open before `at` turns out to be. */
function isRestart(events: Track['events'], at: number): boolean {
  let end = at
  while (end < events.length && events[end]!.event !== 'resync' && events[end]!.event !== 'gap') end++
  return events[end]?.event === 'resync' && events[end]!.value === 'restarted'
}

/** When the key was due to end at the latest, by what was asked for and granted; Infinity where no lease is known. */
export function leaseEndNs(hold: Hold): number {
  let end = hold.ttlMs === undefined ? Infinity : hold.startNs + hold.ttlMs * 1e6
  for (const { okNs, ttlMs } of hold.extensions) if (ttlMs !== undefined) end = Math.max(end, okNs + ttlMs * 1e6)
  return end
}

/** Redis counts in whole ms of the wall clock, which a time daemon may run faster than our own (by 0.05 % on Linux). */
const expiryGrainNs = 5e6
const clockDrift = 0.001

/** Before this moment no key can have ended at its time, whatever the observer's and the server's lags were. */
function earliestEndNs(track: Track, anchor: number, hold: Hold, t: number): number {
  if (hold.ttlMs === undefined) return -Infinity
  const written = Math.max(hold.invokeNs, Math.min(track.events[anchor]!.t, hold.startNs) - readLagNs)
  let end = written + leastNs(hold.ttlMs)
  for (const { invokeNs, okNs, ttlMs } of hold.extensions)
    if (ttlMs !== undefined && okNs < t) end = Math.max(end, invokeNs + leastNs(ttlMs))
  return end
}

const leastNs = (ttlMs: number) => ttlMs * 1e6 * (1 - clockDrift) - expiryGrainNs

function removal(event: string): Loss['kind'] {
  if (event === 'expired' || event === 'evicted') return event
  return event === 'del' ? 'deleted' : 'moved'
}
