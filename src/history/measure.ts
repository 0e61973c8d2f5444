import { holdsOf, serverOf } from '../checkers/holds.ts'
import type { LatencySummary } from '../reporters/report.ts'
import { requestOutcomes } from './event.ts'
import { kindOf, noCall, tableOf, type Events } from './event-table.ts'
import { handoffs } from './handoffs.ts'
import { invokesOf } from './invokes.ts'
import { eventsOf } from './kinds.ts'
import { recoveries } from './recoveries.ts'
import { Samples, summarize } from './samples.ts'

export interface Measured {
  /**
   * `requests`, `granted`, one for each outcome of a request (`done`, `contended`, …), and the sums of what the processes counted
   * themselves (`dropped_iterations`, …).
   */
  counts: Record<string, number>
  /** By metric: `acquire_wait`, `hold_time`, `handoff`, `request_duration`, `release_duration`, `recovery_time`. */
  latencyMs: Record<string, LatencySummary | Record<string, never>>
  /** `throughput` (1/s), `fairness` and `errors` (0 to 1), `commands_per_acquire`, `bookkeeping_keys`; one that cannot be told is absent. */
  rates: Record<string, number>
  /** What the lock counted, summed over the servers; empty where it counts nothing. */
  lockCounters: Record<string, number>
  /** What the summaries are made of, in ms, ascending: for thresholds on any percentile. */
  samplesMs: Record<string, Float64Array>
}

const acquired = kindOf('acquire', 'ok')
const released = kindOf('release', 'ok')
const notReleased = kindOf('release', 'fail')

/**
 * What a history measures: pure, O(n log n). What is wrong in it is the checkers' business. `servers`: how many took part, so that one
 * that was granted nothing counts in the fairness.
 *
 * acquire_wait: invoke → ok of an acquire. hold_time: how long a hold was believed in (checkers/holds.ts). release_duration: invoke → ok or fail of
 * a release. request_duration: from the *intended* start to the answer, so that a request that could not start in time counts its delay
 * (coordinated omission). handoff, recovery_time: handoffs.ts, recoveries.ts. Percentiles are nearest-rank.
 *
 * throughput: requests done while the load was on, a second of it. fairness: Jain's index over the servers' grants (Jain, Chiu, Hawe
 * 1984): 1 = all alike, 1/servers = one got them all. errors: the share of requests that were indeterminate or unavailable. bookkeeping_keys: how
 * many keys the lock leaves behind by design, for each key that was held. commands_per_acquire: what the nodes carried out, a grant.
 */
export function measure(events: Events, servers: number): Measured {
  const counts: Record<string, number> = { requests: 0, granted: 0 }
  for (const outcome of requestOutcomes) counts[outcome] = 0
  const lockCounters: Record<string, number> = {}
  const holds = holdsOf(events)
  const samples = {
    acquire_wait: new Samples(holds.size),
    hold_time: new Samples(holds.size),
    handoff: handoffs(holds),
    request_duration: new Samples(eventsOf(events, 'request').length),
    release_duration: new Samples(holds.size),
    recovery_time: recoveries(events),
  }
  for (let i = 0; i < holds.size; i++) samples.hold_time.addNs(holds.endNs[i]! - holds.startNs[i]!)

  const invokes = invokesOf(events)
  const table = tableOf(events)
  const { t, kind, op, process } = table
  const grantsOf = new Int32Array(table.processes.list.length)
  const load = loadPhase(events)
  let doneInLoad = 0
  const bookkeeping = new Set<string>()
  for (let at = 0; at < table.length; at++) {
    const call = kind[at]!
    if (call !== noCall) {
      const granted = call === acquired
      if (granted) grantsOf[process[at]!]!++
      else if (call !== released && call !== notReleased) continue
      const invoke = invokes.before(op[at]!, at)
      if (invoke >= 0) (granted ? samples.acquire_wait : samples.release_duration).addNs(t[at]! - t[invoke]!)
      continue
    }
    const event = table.other(at)
    if (event.f === 'request') {
      counts['requests']!++
      counts[event.outcome] = (counts[event.outcome] ?? 0) + 1
      samples.request_duration.addNs(event.t - event.intendedNs)
      if (event.outcome === 'done' && load !== undefined && event.t >= load.startNs && event.t <= load.endNs)
        doneInLoad++
    } else if (event.f === 'key') {
      if (event.bookkeeping) bookkeeping.add(event.key)
    } else if (event.f === 'count') {
      add(counts, event.counts)
      add(lockCounters, event.lock ?? {})
    }
  }

  const grants = new Map<string, number>()
  for (const [number, some] of grantsOf.entries()) {
    if (some === 0) continue
    const server = serverOf(table.processes.list[number]!)
    grants.set(server, (grants.get(server) ?? 0) + some)
    counts['granted']! += some
  }
  const samplesMs = Object.fromEntries(Object.entries(samples).map(([metric, some]) => [metric, some.sortedMs()]))
  const latencyMs = Object.fromEntries(Object.entries(samplesMs).map(([metric, sorted]) => [metric, summarize(sorted)]))
  const rates: Record<string, number> = {}
  if (load !== undefined) rates['throughput'] = (doneInLoad * 1e9) / (load.endNs - load.startNs)
  if (counts['granted']! > 0) rates['fairness'] = jain([...grants.values()], Math.max(servers, grants.size))
  counts['bookkeeping_keys'] = bookkeeping.size
  if (holds.keys.length > 0) rates['bookkeeping_keys'] = bookkeeping.size / holds.keys.length
  if (counts['commands'] !== undefined && counts['granted']! > 0)
    rates['commands_per_acquire'] = counts['commands'] / counts['granted']!
  if (counts['requests']! > 0) {
    rates['errors'] = (counts['indeterminate']! + counts['unavailable']!) / counts['requests']!
  }
  return { counts, latencyMs, rates, lockCounters, samplesMs }
}

function add(sums: Record<string, number>, counts: Record<string, number>): void {
  for (const [name, count] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + count
}

/** From the first `load` to the `settle` after it; undefined where the history has no such phase. */
function loadPhase(events: Events): { startNs: number; endNs: number } | undefined {
  let startNs: number | undefined
  for (const { phase, t } of eventsOf(events, 'phase')) {
    if (phase === 'load') startNs ??= t
    else if (startNs !== undefined && t > startNs) return { startNs, endNs: t }
  }
  return undefined
}

/** (Σx)² / (n · Σx²), where those that are missing in `shares` are zero. */
function jain(shares: number[], n: number): number {
  const sum = shares.reduce((total, share) => total + share, 0)
  const squares = shares.reduce((total, share) => total + share * share, 0)
  return (sum * sum) / (n * squares)
}
