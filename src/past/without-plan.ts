import { serverOf } from '../checkers/holds.ts'
import { largestTtlMs } from '../checkers/largest-ttl.ts'
import { callOf, tableOf, type Events } from '../history/event-table.ts'
import { eventsOf } from '../history/kinds.ts'
import { ledgerMetrics } from '../ledger/words.ts'
import { metrics, type MetricName } from '../plan/metrics.ts'
import { scenario, type Plan } from '../plan/scenario.ts'

/**
 * A history whose drill nobody planned here: another tool wrote it, or its plan was lost. What can be judged is judged; the rest is named, with the
 * reason, and counts for nothing.
 */

const needsNodes: MetricName[] = ['foreign_releases', 'overclaims', 'leaked_keys']

/** Safety metrics that such a history tells nothing of, by name, and why. */
export function unjudgeable(events: Events): Map<string, string> {
  const noLedger = 'there is no ledger'
  const noNodes = 'the history has no record of what the nodes did (f: key)'
  const noFences = 'no grant carries a fence'
  const seesNodes = eventsOf(events, 'key').length > 0
  const table = tableOf(events)
  const fenced = table.kind.some((kind, at) => callOf(kind) === 'acquire' && table.fence(at) !== undefined)
  return new Map([
    ...ledgerMetrics.map((name) => [name, noLedger] as const),
    ...(seesNodes ? [] : needsNodes.map((name) => [name, noNodes] as const)),
    ...(fenced ? [] : [['fence_violations' satisfies MetricName, noFences] as const]),
  ])
}

/** In the order of the registry: what can be judged after all. */
export const judgeable = (unjudged: ReadonlyMap<string, string>): string[] =>
  Object.entries(metrics).flatMap(([name, { kind }]) => (kind === 'safety' && !unjudged.has(name) ? [name] : []))

/** The plan that such a history may have had, as far as judging asks for one. */
export function guessPlan(events: Events, name: string): Plan {
  const { length, kind: calls, process, processes } = tableOf(events)
  const callers = new Set<number>()
  for (let at = 0; at < length; at++) if (callOf(calls[at]!) === 'acquire') callers.add(process[at]!)
  const nodes = new Set(eventsOf(events, 'key').map(({ process }) => process))
  const switched = eventsOf(events, 'topology').some(({ event }) => event === 'switch-master')
  // A group of Sentinel that was never switched looks like two nodes of which one repeats the other.
  const kind = switched || nodes.size === 2 ? 'sentinel' : nodes.size >= 3 ? 'redlock' : 'single'
  const { lock, ...rest } = scenario.parse({
    name: 'history',
    title: `The history ${name}`,
    topology: { kind, nodes: Math.min(9, Math.max(3, nodes.size)) },
    // How long its works should take is not known, so that none took too long.
    workload: { kind: 'unknown', workMs: { min: 0, max: Number.MAX_SAFE_INTEGER } },
    load: { executor: 'constant-vus', vus: 1, duration: '1s' },
    control: 'none',
  })
  return {
    ...rest,
    servers: new Set(Array.from(callers, (number) => serverOf(processes.list[number]!))).size,
    runtime: 'attach',
    driver: { name: 'builtin' },
    seed: 0,
    asked: { scenario: name, set: [], lockOptions: {} },
    lock: { ...lock, ttlMs: Math.max(1, largestTtlMs(events)), spec: 'unknown', name: 'unknown' },
    faults: [],
  }
}
