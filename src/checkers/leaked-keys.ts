import type { KeyEvent } from '../history/event.ts'
import type { Events } from '../history/event-table.ts'
import { keysAskedFor } from '../history/keys-asked-for.ts'
import { eventsOf } from '../history/kinds.ts'
import { callsOf, type Call } from './calls.ts'
import { causeOf, type Cause } from './cause.ts'
import type { Checker, Evidence, Finding } from './checker.ts'
import { couldHold } from './could-hold.ts'
import { endlessSince, whoseEnd } from './endless.ts'
import { plural } from './damage.ts'
import { largestTtlMs } from './largest-ttl.ts'
import { serverOf } from './holds.ts'
import { lastUpTo, ownerOf, removals, writes } from './key-record.ts'
import { overlong } from './overlong.ts'
import { prolonged, type Prolonged } from './prolonged.ts'
import { sceneOf, type Scene } from './scene.ts'
import { duration, seconds } from './words.ts'

/** Leases are rounded up to whole seconds by some commands, and a fair queue keeps its places a little longer than a lease. */
const roundingMs = 1000

/** One key, and the half sentence that convicts it. */
interface Leak {
  key: string
  /** The lock's name for it, where that is another. */
  lockKey?: string
  t: number
  why: string
  ops: number[]
  /** How it came to have no time to live: the end of the sentence, and the event that shows it. Asked only for the one that is told. */
  origin?(): { told: string; cause: Cause } | undefined
}

/**
 * Keys that outlive all holds. What is on the nodes when all servers are gone (`left`): without a time to live, or with one that reaches further than the
 * largest TTL from its last write. What a server still refuses then, though nobody can hold it (`audit`). Keys that were prolonged after their
 * hold was released: those go on for ever, as long as the server lives. And leases that grew beyond what was asked for: if their holder died, all of
 * that would have to be sat out. A key that will go within its lease is no leak. O(n log n).
 */
export const leakedKeys = {
  name: 'leaked_keys',
  title:
    'Keys that outlive all holds: without a time to live, beyond the largest TTL, still refused, or renewed after the release',
  metrics: ['leaked_keys'],
  check(evidence) {
    const { events } = evidence
    const ttlMs = largestTtlMs(events)
    const leaks = new Map<string, Leak>()
    for (const leak of [
      ...leftOver(events, ttlMs),
      ...refused(evidence, ttlMs),
      ...renewed(evidence),
      ...grown(evidence),
    ])
      if (!leaks.has(leak.key)) leaks.set(leak.key, leak)
    const all = [...leaks.values()]
    return all.length > 0 ? [finding(all)] : []
  },
} satisfies Checker

function finding(leaks: readonly Leak[]): Finding {
  const [{ key, lockKey = key, t, why, ops, origin }] = leaks as [Leak]
  const from = origin?.()
  return {
    checker: 'leaked_keys',
    metric: 'leaked_keys',
    count: leaks.length,
    message: `${plural(leaks.length, 'key')} ${leaks.length === 1 ? 'outlives' : 'outlive'} all holds; the first: ${key} ${why}${from?.told ?? ''}`,
    first: { key: lockKey, atMs: t / 1e6, ops },
    ...(from && { causes: [from.cause] }),
  }
}

/** The keys that the audit of the nodes found, those that live on by design left out. */
const leftKeys = (events: Events): KeyEvent[] => eventsOf(events, 'key').filter(({ event }) => event === 'left')

function leftOver(events: Events, ttlMs: number): Leak[] {
  const left = leftKeys(events).filter((event) => !event.bookkeeping)
  if (left.length === 0) return []
  const lastWriteNs = lastWrites(events, new Set(left.map(({ key }) => key)))
  const calls = callsOf(events)
  const lockKeys = new Set(keysAskedFor(events))
  return left.flatMap(({ key, t, process, pttlMs = -1 }) => {
    const asked = calls.ofKey(key)
    const lockKey = ownerOf(key, lockKeys) ?? key
    const last = calls.ofKey(lockKey).findLast(({ f, outcome }) => f === 'acquire' && outcome === 'ok')
    const leak = (why: string): Leak => ({ key, lockKey, t, why, ops: last ? [last.op] : [] })
    if (pttlMs < 0) {
      const origin = () => originOf(events, process, key, t, calls.ofKey(lockKey))
      return { ...leak(`was left on ${process} without a time to live`), origin }
    }
    const writtenNs = Math.min(t, lastWriteNs.get(`${process} ${key}`) ?? t)
    const livesForMs = pttlMs + (t - writtenNs) / 1e6
    const leaseMs = ttlMs * 1.5 + roundingMs
    const lastNs = asked.reduce((last, { invokeNs, endNs }) => Math.max(last, endNs === Infinity ? invokeNs : endNs), 0)
    // Whoever had it by then has lost it, unless somebody goes on renewing what nobody holds: a grant that its caller never got.
    if (asked.length > 0 && t - lastNs > leaseMs * 1e6 && nobodyHolds(asked) && isRenewed(events, process, key, lastNs))
      return leak(
        `was kept alive on ${process} for ${duration((t - lastNs) / 1e6)} after the last call on it, though nobody held it`,
      )
    if (livesForMs <= leaseMs) return []
    return leak(
      `was left on ${process} with ${duration(pttlMs)} to live, though no lease was asked for that is longer than ${duration(ttlMs)}`,
    )
  })
}

function originOf(events: Events, node: string, key: string, t: number, calls: readonly Call[]) {
  const endless = endlessSince(events, node, key, t)
  if (endless === undefined) return undefined
  const by = whoseEnd(endless, calls)
  const whose = by.length === 1 ? `, in the middle of ${by[0]!.process}'s ${by[0]!.f}` : ''
  const at = seconds(endless.t)
  const isPersisted = endless.how === 'persist'
  return {
    told: isPersisted ? ` (it was taken away at ${at}${whose})` : ` (it was written at ${at} without one${whose})`,
    cause: causeOf(node, endless.t, isPersisted ? 'its time to live taken away' : 'written without a time to live', by),
  }
}

/** Not once: a pipe that was held up may deliver an old command at any time. */
function isRenewed(events: Events, node: string, key: string, fromNs: number): boolean {
  const times = eventsOf(events, 'key').flatMap((event) =>
    event.process === node && event.key === key && event.t > fromNs && renewals.has(event.event) ? [event.t] : [],
  )
  return times.length > 1 && times.at(-1)! - times[0]! > apartNs
}

/** Every command that sets a lease is told as this; one that writes and sets it, as both. */
const renewals = new Set(['expire'])
const apartNs = 100e6

/** A grant that was never released is its holder's for as long as he lives. */
function nobodyHolds(calls: readonly Call[]): boolean {
  const released = new Set(calls.flatMap(({ f, grant }) => (f === 'release' ? [grant] : [])))
  return calls.every(({ f, op, outcome }) => f !== 'acquire' || outcome !== 'ok' || released.has(op))
}

/** Of these keys, by node. */
function lastWrites(events: Events, keys: ReadonlySet<string>): Map<string, number> {
  const last = new Map<string, number>()
  for (const { event, process, key, t } of eventsOf(events, 'key'))
    if (event !== 'left' && event !== 'sample' && keys.has(key)) last.set(`${process} ${key}`, t)
  return last
}

function refused(evidence: Evidence, ttlMs: number): Leak[] {
  const { events } = evidence
  const audits = eventsOf(events, 'audit').filter(({ type }) => type === 'fail')
  if (audits.length === 0) return []
  const holders = couldHold(events, callsOf(events), ttlMs)
  return audits.flatMap(({ key, t, process, waitedMs }) =>
    holders.freeSinceNs(key, t) > t - waitedMs * 1e6 || isWithinItsLease(sceneOf(evidence), key, t - waitedMs * 1e6, t)
      ? []
      : [
          {
            key,
            t,
            why: `was refused to ${process} for ${duration(waitedMs)} after the end, though nobody held it and no lease was on a node`,
            ops: [],
          },
        ],
  )
}

/**
 * Whether a lease was on a node at that moment that was written but once since: the SET of a call that was given up, held back by a pipe until nobody waited for it any
 * more. It ends by itself. (One that is renewed is somebody's, and a leak.)
 */
function isWithinItsLease({ record }: Scene, key: string, fromNs: number, t: number): boolean {
  return record.nodes.some((node) => {
    const events = record.track(node, key)?.events
    if (events === undefined) return false
    const last = lastUpTo(events, t)
    let due: number | undefined
    let changes = 0
    let changedNs = Infinity
    for (let at = last; at >= 0 && events[at]!.t >= fromNs; at--) {
      const event = events[at]!
      if (removals.has(event.event)) return changes === 1 && due !== undefined && due > t
      if (event.event === 'sample')
        due ??= event.pttlMs !== undefined && event.pttlMs >= 0 ? event.t + event.pttlMs * 1e6 : 0
      else if (event.event === 'expire' || writes(event)) {
        if (changedNs - event.t > apartNs) changes++
        changedNs = event.t
      }
    }
    return changes === 1 && due !== undefined && due > t
  })
}

function grown(evidence: Evidence): Leak[] {
  return overlong(evidence).map(({ key, node, t, pttlMs, askedMs }) => ({
    key,
    t,
    why: `had ${duration(pttlMs)} to live on ${node} at ${seconds(t)}, though no lease was asked for that is longer than ${duration(askedMs)}`,
    ops: [],
  }))
}

function renewed(evidence: Evidence): Leak[] {
  return prolonged(evidence).map(({ hold, node, t, releasedNs }: Prolonged) => ({
    key: hold.key,
    t,
    why: `was released by ${serverOf(hold.process)} at ${seconds(releasedNs)}, and its lease on ${node} was prolonged at ${seconds(t)}`,
    ops: [hold.op],
  }))
}
