import type { OperationEvent } from '../history/event.ts'
import { callOf, tableOf, type Events } from '../history/event-table.ts'
import { listed } from '../lib/nearest.ts'
import { partitionPoint } from '../lib/partition-point.ts'
import { serverOf, type Hold } from './holds.ts'
import { readLagNs } from '../history/lag.ts'

/** One call of the lock, from its invoke to its answer. */
export interface Call {
  f: 'acquire' | 'extend' | 'release'
  op: number
  /** The acquire that it belongs to; its own op for an acquire. */
  grant: number
  process: string
  invokeNs: number
  /** Infinity where it was never answered. */
  endNs: number
  /** `info` where nobody knows what it did, or it was never answered. */
  outcome: 'ok' | 'fail' | 'info'
  error: string | undefined
  ttlMs: number | undefined
}

export interface Calls {
  /** In the order in which they were invoked. */
  ofKey(key: string): readonly Call[]
  /** When the grant's `lost` fired, ns. */
  lostNs(grant: number): number | undefined
}

const cache = new WeakMap<Events, Calls>()

/** All calls by key: an object each, so only for drills in which something is suspicious. O(n). */
export function callsOf(events: Events): Calls {
  let calls = cache.get(events)
  if (!calls) cache.set(events, (calls = build(events)))
  return calls
}

function build(events: Events): Calls {
  const byKey = new Map<string, Call[]>()
  const open = new Map<number, Call>()
  const lost = new Map<number, number>()
  const table = tableOf(events)
  for (let at = 0; at < table.length; at++) {
    const call = callOf(table.kind[at]!)
    if (call === undefined || call === 'work') continue
    const event = table.operation(at)
    if (call === 'lost') {
      if (event.grant !== undefined) lost.set(event.grant, lost.get(event.grant) ?? event.t)
      continue
    }
    if (event.type !== 'invoke') answered(open.get(event.op), event)
    else {
      const call = invoked(event)
      open.set(event.op, call)
      const calls = byKey.get(event.key)
      if (calls) calls.push(call)
      else byKey.set(event.key, [call])
    }
  }
  return { ofKey: (key) => byKey.get(key) ?? [], lostNs: (grant) => lost.get(grant) }
}

const invoked = ({ f, op, grant, process, t, ttlMs }: OperationEvent): Call => ({
  f: f as Call['f'],
  op,
  grant: grant ?? op,
  process,
  invokeNs: t,
  endNs: Infinity,
  outcome: 'info',
  error: undefined,
  ttlMs,
})

function answered(call: Call | undefined, { t, type, error }: OperationEvent): void {
  if (call) Object.assign(call, { endNs: t, outcome: type, error })
}

/** Calls that are looked at around a moment. */
const searchMax = 5000
/** A command of a call that was given up may reach the node this much later. */
const afterlifeNs = 10e9

/**
 * Whose calls may have done to the victim's key what was read at `readNs` and was done by `byNs`: releases before any other calls, and those that were under
 * way before those that
 * had been given up, all of one rank, the latest first. Empty where the victim's own call may have done it, or nobody's is known.
 */
export function culpritsAt(calls: Calls, victim: Hold, readNs: number, byNs = readNs): Call[] {
  const ofKey = calls.ofKey(victim.key)
  let best: Call[] = []
  let bestRank = 1
  const last = partitionPoint(ofKey.length, (index) => ofKey[index]!.invokeNs <= byNs) - 1
  for (let i = last; i >= 0 && last - i < searchMax; i--) {
    const call = ofKey[i]!
    const underWay = call.endNs >= readNs - readLagNs
    const own = call.grant === victim.op
    if (own && call.f === 'extend' && underWay) return []
    if (own) continue
    const givenUp = call.outcome === 'info' && readNs - call.endNs < afterlifeNs
    // What failed for certain did nothing; an acquire that was granted did no more than to take.
    const rank = underWay ? ranks[call.f] : givenUp ? 1 : 0
    if (rank > bestRank) [best, bestRank] = [[call], rank]
    else if (rank === bestRank) best.push(call)
  }
  return best
}

const ranks = { release: 4, acquire: 3, extend: 2 }

/** Names in a sentence. */
const namedMax = 3

/** What those calls were doing then: the end of "its key was deleted …". Two callers of one server go by their own names. */
export function doing(calls: readonly [Call, ...Call[]], victim: Hold, t: number): string {
  const names = [...new Set(calls.map(({ process }) => nameBeside(process, victim)))]
  const more = names.length > namedMax ? [`${names.length - namedMax} more`] : []
  const who = listed([...names.slice(0, namedMax), ...more])
  const [{ f, endNs }] = calls
  const alone = calls.length === 1
  if (endNs < t - readLagNs) return `after ${who} had given up ${alone ? `a call of ${f}` : 'calls'}`
  if (f === 'release') return `while ${who} released ${alone ? 'an earlier hold' : 'earlier holds'}`
  return alone ? `in the middle of ${who}'s ${f}` : `while calls of ${f} by ${who} were under way`
}

function nameBeside(process: string, victim: Hold): string {
  const server = serverOf(process)
  return server === serverOf(victim.process) ? process : server
}
