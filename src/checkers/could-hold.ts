import type { Events } from '../history/event-table.ts'
import type { Call, Calls } from './calls.ts'
import { serverOf } from './holds.ts'
import { readLagNs } from '../history/lag.ts'
import { eventsOf } from '../history/kinds.ts'
import { partitionPoint } from '../lib/partition-point.ts'

/**
 * When somebody can have held a key, whatever he believed: from the invoke of every acquire that was granted to the answer of its release, and for
 * as long as a lease lasts after an answer that tells nothing, or after its server died. Built from calls alone, so that it holds for every topology.
 */
export interface CouldHold {
  /** The moment since which nobody can have held the key, at `t`; Infinity where somebody still can. */
  freeSinceNs(key: string, t: number): number
  /** Whether any call on the key before `t` left open what it did: a lease on the node may be anybody's then. */
  isDoubtful(key: string, t: number): boolean
}

interface Times {
  /** Ascending. */
  fromNs: Float64Array
  /** The latest end of all that began up to there. */
  latestEndNs: Float64Array
  firstDoubtNs: number
}

/** O(n log n), over the keys that are asked for. */
export function couldHold(events: Events, calls: Calls, leaseMs: number): CouldHold {
  const deaths = deathsOf(events)
  const byKey = new Map<string, Times>()
  const times = (key: string) => {
    let known = byKey.get(key)
    if (!known) byKey.set(key, (known = timesOf(calls.ofKey(key), deaths, leaseMs * 1e6 + readLagNs)))
    return known
  }
  return {
    freeSinceNs(key, t) {
      const { fromNs, latestEndNs } = times(key)
      const at = partitionPoint(fromNs.length, (index) => fromNs[index]! <= t) - 1
      const endNs = at < 0 ? -Infinity : latestEndNs[at]!
      return endNs >= t ? Infinity : endNs
    },
    isDoubtful: (key, t) => times(key).firstDoubtNs < t,
  }
}

function timesOf(calls: readonly Call[], deaths: ReadonlyMap<string, number[]>, leaseNs: number): Times {
  /** By grant, in the order of their acquires. */
  const spans = new Map<number, { fromNs: number; endNs: number }>()
  let firstDoubtNs = Infinity
  for (const { f, op, grant, process, invokeNs, endNs, outcome } of calls) {
    const answeredNs = endNs === Infinity ? (deathAfter(deaths, process, invokeNs) ?? Infinity) : endNs
    if (outcome === 'info') firstDoubtNs = Math.min(firstDoubtNs, invokeNs)
    if (f === 'acquire') {
      if (outcome === 'fail') continue
      const died = deathAfter(deaths, process, invokeNs)
      // Until its release says otherwise, a granted one lasts as long as its server lives.
      const lastNs = outcome === 'info' ? answeredNs : (died ?? Infinity)
      spans.set(op, { fromNs: invokeNs, endNs: lastNs + leaseNs })
    } else if (f === 'release') {
      const span = spans.get(grant)
      if (span) span.endNs = Math.min(span.endNs, outcome === 'info' ? answeredNs + leaseNs : answeredNs)
    }
  }
  const sorted = [...spans.values()].sort((a, b) => a.fromNs - b.fromNs)
  const fromNs = Float64Array.from(sorted, (span) => span.fromNs)
  const latestEndNs = new Float64Array(sorted.length)
  let latest = -Infinity
  for (const [index, span] of sorted.entries()) latestEndNs[index] = latest = Math.max(latest, span.endNs)
  return { fromNs, latestEndNs, firstDoubtNs }
}

function deathsOf(events: Events): Map<string, number[]> {
  const deaths = new Map<string, number[]>()
  for (const { event, node, t } of eventsOf(events, 'topology'))
    if (event === 'down') deaths.set(node, [...(deaths.get(node) ?? []), t])
  return deaths
}

const deathAfter = (deaths: ReadonlyMap<string, number[]>, process: string, t: number): number | undefined =>
  deaths.get(serverOf(process))?.find((death) => death >= t)
