import { holdsOf } from '../../checkers/holds.ts'
import { callOf, kindOf, tableOf, type Events } from '../../history/event-table.ts'
import { invokesOf } from '../../history/invokes.ts'
import { eventsOf, phaseOf } from '../../history/kinds.ts'
import { percentile, summarize } from '../../history/samples.ts'
import type { LatencySummary } from '../report.ts'
import type { Histogram, Series } from './page-data.ts'

const slicesMax = 120
/** Short drills get no slices in which hardly anything happens. */
const sliceMinMs = 100
const perDecade = 8
const granted = kindOf('acquire', 'ok')
const failures: ReadonlySet<string> = new Set(['unavailable', 'indeterminate', 'abandoned'])

interface Slice {
  wait: number[]
  request: number[]
  granted: number
  done: number
  contended: number
  failed: number
}

/** Latency, throughput and errors over the time of the drill, and how often what took how long. O(n log n). */
export function seriesOf(events: Events): { series: Series; histograms: Histogram[] } {
  const [fromMs, toMs] = loadSpan(events)
  const sliceMs = Math.max(sliceMinMs, niceMs((toMs - fromMs) / slicesMax))
  const slices: Slice[] = Array.from({ length: Math.max(1, Math.ceil((toMs - fromMs) / sliceMs)) }, () => ({
    wait: [],
    request: [],
    granted: 0,
    done: 0,
    contended: 0,
    failed: 0,
  }))
  const sliceAt = (ms: number) => slices[Math.min(slices.length - 1, Math.max(0, Math.floor((ms - fromMs) / sliceMs)))]!

  const invokes = invokesOf(events)
  const [waits, requests]: [number[], number[]] = [[], []]
  const { length, t, kind, op } = tableOf(events)
  for (let at = 0; at < length; at++) {
    if (kind[at] !== granted) continue
    const slice = sliceAt(t[at]! / 1e6)
    slice.granted++
    const invokedNs = t[invokes.before(op[at]!, at)]
    if (invokedNs === undefined) continue
    slice.wait.push((t[at]! - invokedNs) / 1e6)
    waits.push((t[at]! - invokedNs) / 1e6)
  }
  for (const event of eventsOf(events, 'request')) {
    const slice = sliceAt(event.t / 1e6)
    const ms = (event.t - event.intendedNs) / 1e6
    slice.request.push(ms)
    requests.push(ms)
    if (event.outcome === 'done') slice.done++
    else if (event.outcome === 'contended') slice.contended++
    else if (failures.has(event.outcome)) slice.failed++
  }
  const holds = holdsOf(events)
  const held = Array.from({ length: holds.size }, (_, i) => (holds.endNs[i]! - holds.startNs[i]!) / 1e6)
  const line = (label: string, samples: (slice: Slice) => number[]) => {
    const sorted = slices.map((slice) => Float64Array.from(samples(slice)).sort())
    const at = (p: number) => sorted.map((ms) => (ms.length === 0 ? null : short(percentile(ms, p))))
    return { label, p50: at(50), p95: at(95), max: at(100) }
  }
  const rate = (label: string, count: (slice: Slice) => number, bad = false) => ({
    label,
    bad,
    values: slices.map((slice) => short((count(slice) * 1000) / sliceMs)),
  })
  return {
    series: {
      atMs: slices.map((_, index) => Math.round(fromMs + (index + 0.5) * sliceMs)),
      sliceMs,
      latency: [line('wait for the lock', ({ wait }) => wait), line('whole request', ({ request }) => request)],
      rates: [
        rate('grants', ({ granted }) => granted),
        rate('requests done', ({ done }) => done),
        rate('contended: not granted in time', ({ contended }) => contended, true),
        rate('failed', ({ failed }) => failed, true),
      ],
    },
    histograms: [
      histogram('wait for the lock', waits),
      histogram('hold', held),
      histogram('whole request', requests),
    ].filter((some) => some !== undefined),
  }
}

const spanned = new Set<ReturnType<typeof callOf>>(['acquire', 'release'])

/** From the load's begin to the last answer. */
function loadSpan(events: Events): [number, number] {
  const load = phaseOf(events, 'load')
  const { length, t, kind } = tableOf(events)
  let last = length - 1
  while (last >= 0 && !spanned.has(callOf(kind[last]!))) last--
  const lastNs = Math.max(t[last] ?? -Infinity, eventsOf(events, 'request').at(-1)?.t ?? -Infinity)
  const fromMs = (load ?? events.at(0))?.t ?? 0
  return [fromMs / 1e6, Math.max(fromMs + 1e6, lastNs === -Infinity ? 0 : lastNs) / 1e6]
}

/** Slices of logarithmic width; one that took no time at all is in the first. */
function histogram(label: string, ms: number[]): Histogram | undefined {
  const sorted = Float64Array.from(ms).sort()
  if (sorted.length === 0) return undefined
  const summary = summarize(sorted) as LatencySummary
  const slot = (value: number) => Math.floor(Math.log10(Math.max(0.01, value)) * perDecade)
  const [first, last] = [slot(sorted[0]!), slot(sorted.at(-1)!)]
  const counts = new Array<number>(last - first + 1).fill(0)
  for (const value of sorted) counts[slot(value) - first]!++
  const edgesMs = Array.from({ length: counts.length + 1 }, (_, i) => short(10 ** ((first + i) / perDecade)))
  return { label, edgesMs, counts, summary }
}

const niceMs = (ms: number) => {
  const decade = 10 ** Math.floor(Math.log10(Math.max(1, ms)))
  return ([1, 2, 5, 10].find((step) => step * decade >= ms) ?? 10) * decade
}

const short = (value: number) => Number(value.toPrecision(3))
