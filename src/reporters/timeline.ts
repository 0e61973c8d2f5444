import { holdAt, holdsOf, overlappingPairs, type Holds } from '../checkers/holds.ts'
import type { Events } from '../history/event-table.ts'
import { eventsOf, phaseOf, stagesOfFaults } from '../history/kinds.ts'
import type { Report } from './report.ts'

/** What a picture needs of a report: where something was found. */
export type Judged = Pick<Report, 'findings' | 'thresholds'>

/** What the picture shows of one key, times in ms since the drill's start. */
export interface Timeline {
  key: string
  /** Why this key and this window. */
  because: string
  fromMs: number
  toMs: number
  bars: Bar[]
  /** Holds in the window; more than `bars` where the picture was thinned. */
  holds: number
  overlaps: Overlap[]
  faults: FaultBand[]
  marks: Mark[]
  /** What the nodes did to the key. */
  keyEvents: Mark[]
}

export interface Bar {
  server: string
  op: number
  token: string | undefined
  askedMs: number
  fromMs: number
  toMs: number
  overlapping: boolean
}

export interface Overlap {
  servers: [string, string]
  ops: [number, number]
  fromMs: number
  toMs: number
}

interface FaultBand {
  label: string
  /** Of one that landed: from when the harness laid hands on it, for what it does is felt before it is proved. */
  fromMs: number
  toMs: number
  landed: boolean
  healed: boolean
}

interface Mark {
  atMs: number
  /** The node or server. */
  where: string
  label: string
}

/** More bars than this nobody can tell apart, and the file would grow. */
const barsMax = 400
const keyEventsMax = 500
const aroundMs = 1000
/** How far back the window goes for the beginning of the first holder's hold. */
const backMaxMs = 5000

/** Undefined where no lock was ever held. */
export function timelineOf(report: Judged, events: Events): Timeline | undefined {
  const holds = holdsOf(events)
  if (holds.size === 0) return undefined
  const overlapsOfKeys = overlapsByKey(holds)
  const view = chooseView(report, holds, overlapsOfKeys, events)
  const inWindow = (fromMs: number, toMs: number) => fromMs <= view.toMs && toMs >= view.fromMs

  const key = holds.keys.indexOf(view.key)
  const all = barsOf(holds, key).filter((bar) => inWindow(bar.fromMs, bar.toMs))
  const overlaps = (overlapsOfKeys.get(view.key) ?? []).filter(({ fromMs, toMs }) => inWindow(fromMs, toMs))
  const overlapping = new Set(overlaps.flatMap(({ ops }) => ops))
  for (const bar of all) bar.overlapping = overlapping.has(bar.op)
  const every = Math.ceil(all.length / barsMax)
  return {
    ...view,
    bars: all.filter((bar, index) => index % every === 0 || (bar.overlapping && overlaps.length < barsMax)),
    holds: all.length,
    overlaps: overlaps.slice(0, barsMax),
    faults: faultBands(events).filter(({ fromMs, toMs }) => inWindow(fromMs, toMs)),
    marks: topologyMarks(events).filter(({ atMs }) => inWindow(atMs, atMs)),
    keyEvents: keyMarks(events, view.key)
      .filter(({ atMs }) => inWindow(atMs, atMs))
      .slice(0, keyEventsMax),
  }
}

type View = Pick<Timeline, 'key' | 'because' | 'fromMs' | 'toMs'>

/** Where it broke first, else the busiest key's whole load. */
function chooseView(report: Judged, holds: Holds, overlaps: Map<string, Overlap[]>, events: Events): View {
  const loadMs = (phaseOf(events, 'load')?.t ?? 0) / 1e6
  const first = firstViolation(report)
  if (first !== undefined && holds.keys.includes(first.key)) {
    const pair = overlaps.get(first.key)?.find(({ ops }) => first.ops.every((op) => ops.includes(op)))
    const beganMs = pair && barsOf(holds, holds.keys.indexOf(first.key)).find(({ op }) => op === pair.ops[0])?.fromMs
    const fromMs = Math.min(first.atMs - aroundMs, Math.max((beganMs ?? Infinity) - 100, first.atMs - backMaxMs))
    return {
      key: first.key,
      because: 'where it broke first',
      fromMs: Math.max(0, loadMs - 50, fromMs),
      toMs: first.atMs + aroundMs,
    }
  }
  const counts = new Int32Array(holds.keys.length)
  for (let i = 0; i < holds.size; i++) counts[holds.keyOf[i]!]!++
  const busiest = holds.keys[counts.indexOf(counts.reduce((most, count) => Math.max(most, count), 0))]!
  const settle = phaseOf(events, 'settle')
  return {
    key: busiest,
    because: 'the busiest key',
    fromMs: loadMs,
    toMs: (settle ?? events.at(-1)!).t / 1e6,
  }
}

/** The findings that cross a threshold; the others are within what the scenario allows. */
export function violations({ findings, thresholds }: Judged): Report['findings'] {
  const crossed = new Set(thresholds.filter(({ ok }) => !ok).map(({ metric }) => metric))
  return findings.filter(({ metric, blame }) => crossed.has(metric) || crossed.has(`${metric}{blame:${blame}}`))
}

/** What a reader came to see: the violations, or where there are none, what is within the scenario's allowance. */
export function worthSeeing(report: Judged): Report['findings'] {
  const violating = violations(report)
  return violating.length > 0 ? violating : report.findings
}

/** The one that a reader is shown: the earliest of those that the lock is to blame for, or else of all. */
export function firstOf(findings: Report['findings']) {
  const placed = findings.filter(({ first }) => first !== undefined)
  const ofLock = placed.filter(({ blame }) => blame === 'lock')
  return (ofLock.length > 0 ? ofLock : placed).toSorted((a, b) => a.first!.atMs - b.first!.atMs)[0]
}

/** Where the first violation is. */
export const firstViolation = (report: Judged) => firstOf(worthSeeing(report))?.first

function barsOf(holds: Holds, key: number): Bar[] {
  const bars: Bar[] = []
  for (let i = 0; i < holds.size; i++) {
    if (holds.keyOf[i] !== key) continue
    const { server, op, token, invokeNs, startNs, endNs } = holdAt(holds, i)
    const times = { askedMs: invokeNs / 1e6, fromMs: startNs / 1e6, toMs: endNs / 1e6 }
    bars.push({ server, op, token, ...times, overlapping: false })
  }
  return bars
}

function overlapsByKey(holds: Holds): Map<string, Overlap[]> {
  const byKey = new Map<string, Overlap[]>()
  overlappingPairs(holds, (earlier, later) => {
    const key = holds.keys[holds.keyOf[later]!]!
    let overlaps = byKey.get(key)
    if (overlaps === undefined) byKey.set(key, (overlaps = []))
    if (overlaps.length >= 10 * barsMax) return
    const [first, second] = [holdAt(holds, earlier), holdAt(holds, later)]
    overlaps.push({
      servers: [first.server, second.server],
      ops: [first.op, second.op],
      fromMs: second.startNs / 1e6,
      toMs: Math.min(first.endNs, second.endNs) / 1e6,
    })
  })
  return byKey
}

/** In the order of the report's faults. */
export function faultBands(events: Events): FaultBand[] {
  const endMs = (events.at(-1)?.t ?? 0) / 1e6
  return stagesOfFaults(events).map(([, stages]) => {
    const landed = stages.find(({ stage }) => stage === 'landed')
    const missed = stages.find(({ stage }) => stage === 'missed')
    const healed = stages.find(({ stage, type }) => stage === 'healed' && type === 'ok')
    const inject = stages.find(({ stage }) => stage === 'inject')
    const beginning = (landed && inject) ?? landed ?? missed ?? stages[0]!
    const endsMs = missed ? missed.t / 1e6 : endMs
    return {
      // Whom it hit is known only then: `primary` has become `redis-1`.
      label: `${beginning.fault} ${(landed ?? beginning).target}`,
      fromMs: beginning.t / 1e6,
      toMs: healed ? healed.t / 1e6 : endsMs,
      landed: landed !== undefined,
      healed: healed !== undefined,
    }
  })
}

export function topologyMarks(events: Events): Mark[] {
  return eventsOf(events, 'topology').flatMap((event) => {
    if (event.event === 'dropped-iterations') return []
    const promoted = event.event.endsWith('switch-master') && event.to !== undefined
    const label = promoted ? `${event.to} promoted` : `${event.node} ${event.event}`
    return [{ atMs: event.t / 1e6, where: event.node, label }]
  })
}

const beginnings: Record<string, string> = { down: 'down', paused: 'paused' }
const endings = new Set(['up', 'resumed'])

/** When which node or server was away, as it was seen. */
export function outages(events: Events): { name: string; what: string; fromMs: number; toMs: number }[] {
  const endMs = (events.at(-1)?.t ?? 0) / 1e6
  const all: ReturnType<typeof outages> = []
  const open = new Map<string, (typeof all)[number]>()
  for (const event of eventsOf(events, 'topology')) {
    const atMs = event.t / 1e6
    const what = beginnings[event.event]
    const begun = open.get(event.node)
    if (begun !== undefined && (what !== undefined || endings.has(event.event))) {
      begun.toMs = atMs
      open.delete(event.node)
    }
    if (what === undefined) continue
    const outage = { name: event.node, what, fromMs: atMs, toMs: endMs }
    all.push(outage)
    open.set(event.node, outage)
  }
  return all
}

/** A lock may give its key another name on the node: `lock:stock:7`, `{stock:7}:fence`. */
function keyMarks(events: Events, key: string): Mark[] {
  const escaped = key.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)
  const named = new RegExp(String.raw`(^|[^\p{L}\p{N}])${escaped}($|[^\p{L}\p{N}])`, 'u')
  return eventsOf(events, 'key').flatMap((event) =>
    event.event !== 'sample' && named.test(event.key)
      ? [{ atMs: event.t / 1e6, where: event.process, label: `${event.event} ${event.key}` }]
      : [],
  )
}
