import { holdAt, holdsOf, overlappingPairs, type Holds } from '../../checkers/holds.ts'
import type { Cause } from '../../checkers/cause.ts'
import type { Events } from '../../history/event-table.ts'
import { eventsOf } from '../../history/kinds.ts'
import type { Report } from '../report.ts'
import {
  faultBands,
  firstOf,
  firstViolation,
  outages,
  topologyMarks,
  violations,
  worthSeeing,
  type Judged,
} from '../timeline.ts'
import { drawnHolds, type DrawnHolds } from './drawn-holds.ts'
import { nodeCurves } from './node-curves.ts'
import { leaseEnds, nodeLeases } from './node-leases.ts'
import type { PageData, Span } from './page-data.ts'
import { seriesOf } from './series.ts'

export interface Built {
  data: PageData
  /** The overlap on which the page opens. */
  first: FirstOverlap | undefined
  /** Of the finding that is shown. */
  causes: Cause[]
}

/** Two holds of one key at once, spelled out for a person. */
export interface FirstOverlap {
  key: string
  earlier: Side
  later: Side
  fromMs: number
  toMs: number
}

interface Side {
  server: string
  process: string
  op: number
  fromMs: number
  toMs: number
}

const phases: Record<string, string> = { load: 'load begins', settle: 'load over', 'ended-early': 'ended early' }

export function buildPage(report: Judged, events: Events, serverNames: readonly string[]): Built {
  const holds = holdsOf(events)
  const drawn = drawnHolds(holds, serverNames)
  const { nodes, leases } = nodeLeases(events, holds, drawn)
  const first = firstOverlap(report, holds)
  const shown = first === undefined ? firstOf(worthSeeing(report)) : findingOf(report, first)
  const causes = shown?.causes ?? []
  const wholeMs: Span = [0, (events.at(-1)?.t ?? 1e6) / 1e6]
  // The audit comes after all else, and leaves keys on the nodes for a moment.
  const named =
    eventsOf(events, 'audit').length === 0 ? phases : { ...phases, end: 'end; the locks are tried once more' }
  const phaseMarks = eventsOf(events, 'phase').flatMap(({ phase, t }) =>
    named[phase] === undefined ? [] : [{ atMs: t / 1e6, label: named[phase] }],
  )
  return {
    first,
    causes,
    data: {
      shows: 'drill',
      wholeMs,
      open: opening(report, first, drawn, holds, wholeMs),
      servers: drawn.servers,
      nodes,
      keys: drawn.keys,
      holds: drawn.holds,
      overlaps: drawn.overlaps,
      allowsOverlaps: allowsOverlaps(report),
      leases,
      leaseEnds,
      faults: faultBands(events),
      outages: outages(events),
      marks: [...phaseMarks, ...topologyMarks(events).map(({ atMs, label }) => ({ atMs, label }))],
      violations: [
        ...causes.map(({ node, atMs, what }) => ({
          key: holds.keys.indexOf(shown!.first!.key),
          atMs,
          label: `${what} on ${node}`,
        })),
        ...report.findings.flatMap(({ metric, first: at }) =>
          at === undefined || metric === 'overlaps'
            ? []
            : [{ key: holds.keys.indexOf(at.key), atMs: at.atMs, label: metric.replaceAll('_', ' ') }],
        ),
      ],
      ...seriesOf(events),
      nodeCurves: nodeCurves(events),
    },
  }
}

const allowsOverlaps = (report: Judged): boolean =>
  report.findings.some(({ metric }) => metric === 'overlaps') &&
  violations(report).every(({ metric }) => metric !== 'overlaps')

/** The finding whose first occurrence that overlap is. */
export const findingOf = (
  { findings }: Judged,
  { earlier, later }: FirstOverlap,
): Report['findings'][number] | undefined =>
  findings.find(
    ({ metric, first }) => metric === 'overlaps' && first?.ops.every((op) => op === earlier.op || op === later.op),
  )

/** The first overlap that crosses a threshold, else that a finding names, else the first there is. */
function firstOverlap(report: Judged, holds: Holds): FirstOverlap | undefined {
  const named = firstOf(worthSeeing(report).filter(({ metric }) => metric === 'overlaps'))?.first
  const seen: { named?: [number, number]; any?: [number, number] } = {}
  overlappingPairs(holds, (first, second) => {
    seen.any ??= [first, second]
    if (seen.named !== undefined || named === undefined) return
    const ops = [holdAt(holds, first).op, holdAt(holds, second).op]
    if (named.ops.every((op) => ops.includes(op))) seen.named = [first, second]
  })
  const found = seen.named ?? seen.any
  if (found === undefined) return undefined
  const [earlier, later] = found.map((index) => holdAt(holds, index)) as [
    ReturnType<typeof holdAt>,
    ReturnType<typeof holdAt>,
  ]
  const side = ({ server, process, op, startNs, endNs }: typeof earlier): Side => ({
    server,
    process,
    op,
    fromMs: startNs / 1e6,
    toMs: endNs / 1e6,
  })
  return {
    key: later.key,
    earlier: side(earlier),
    later: side(later),
    fromMs: later.startNs / 1e6,
    toMs: Math.min(earlier.endNs, later.endNs) / 1e6,
  }
}

const openMaxMs = 10_000

function opening(
  report: Judged,
  first: FirstOverlap | undefined,
  { keys }: DrawnHolds,
  holds: Holds,
  whole: Span,
): PageData['open'] {
  if (keys.length === 0) return null
  const keyOf = (name: string) => keys.findIndex((key) => key.name === name)
  if (first !== undefined) {
    const [from, to] = [first.earlier.fromMs, Math.max(first.earlier.toMs, first.later.toMs)]
    const padMs = Math.max(15, (to - from) * 0.3)
    const fromMs = Math.max(from - padMs, first.fromMs - openMaxMs / 2)
    return {
      key: keyOf(first.key),
      overlapMs: first.fromMs,
      span: [Math.max(0, fromMs), Math.min(to + padMs, fromMs + openMaxMs)],
    }
  }
  const named = firstViolation(report)
  if (named !== undefined && keyOf(named.key) >= 0) {
    // What was there before it is half of the story: the last hold of the key that began before, if that is not too long ago.
    let beganMs = named.atMs
    for (let i = 0; i < holds.size && holds.startNs[i]! / 1e6 < named.atMs; i++)
      if (holds.keys[holds.keyOf[i]!] === named.key) beganMs = holds.startNs[i]! / 1e6
    const padMs = Math.max(200, (named.atMs - beganMs) * 0.2)
    return { key: keyOf(named.key), span: [Math.max(0, beganMs - padMs, named.atMs - openMaxMs), named.atMs + padMs] }
  }
  const busiest = keys.reduce((most, key, index) => (key.holds > keys[most]!.holds ? index : most), 0)
  return { key: busiest, span: whole }
}
