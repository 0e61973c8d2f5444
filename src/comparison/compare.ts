import { metrics, type Metric } from '../plan/metrics.ts'
import type { Report } from '../reporters/report.ts'
import { humanCount, humanMs, plural } from '../reporters/text.ts'

/**
 * Two reports beside each other. What one run tells of another is told, and no more: a violation is a violation, its absence in one run is no proof, and two
 * runs at two times say little about speed.
 */
export interface Comparison {
  /** Why the two are no drills of the same kind, one sentence each; empty where they are. Latency and service are not compared then. */
  differ: string[]
  rows: ComparisonRow[]
}

export interface ComparisonRow {
  kind: Metric['kind'] | 'verdict'
  what: string
  before: string
  after: string
  change: 'better' | 'worse' | 'within noise' | 'same'
  /** What may be concluded; empty where the numbers say all. */
  note: string
}

/**
 * How far two runs of one drill with one lock, minutes apart on one machine, differ by themselves: of 350 such pairs 95 in 100 stay within 2.9
 * times for the p95 of every latency, and within 1.5 times for throughput and commands per acquire. (The median is worse: within 7.)
 */
const noise = { latencyFactor: 3, latencyMinMs: 5, rateFactor: 1.5, samplesMin: 100 }

const latencies = Object.entries<Metric>(metrics).flatMap(([name, { kind }]) => (kind === 'latency' ? [name] : []))
const safety = Object.entries<Metric>(metrics).flatMap(([name, { kind }]) => (kind === 'safety' ? [name] : []))

export function compare(a: Report, b: Report): Comparison {
  const differ = differences(a, b)
  const rows = [verdicts(a, b), ...safety.flatMap((metric) => safetyRow(metric, a, b))]
  if (differ.length === 0) rows.push(...latencies.flatMap((metric) => latencyRow(metric, a, b)), ...rateRows(a, b))
  return { differ, rows }
}

/** By the design's rules: less safe 1, no longer known 4, slower or worse served 99, else 0. */
export function exitCodeOf({ rows }: Comparison): 0 | 1 | 4 | 99 {
  const worse = rows.filter(({ change }) => change === 'worse')
  if (worse.some(({ kind, after }) => kind === 'safety' || (kind === 'verdict' && after === 'invalid'))) return 1
  if (worse.some(({ kind }) => kind === 'verdict')) return 4
  return worse.length > 0 ? 99 : 0
}

function differences(a: Report, b: Report): string[] {
  const same = ['scenario', 'topology', 'runtime', 'workload'] as const
  const unlike = same.flatMap((what) =>
    a[what] === b[what] ? [] : [`the ${what} is ${a[what]} in one, ${b[what]} in the other`],
  )
  const programs = ['redis', 'toxiproxy', 'node'].flatMap((name) =>
    a.versions[name] === b.versions[name]
      ? []
      : [`${name} is ${a.versions[name] ?? 'not told'} in one, ${b.versions[name] ?? 'not told'} in the other`],
  )
  // The same drill with other numbers: `--set load.rate=500`.
  const settings = setsOf(a) === setsOf(b) ? [] : ['the scenario was changed (--set) in one and not alike in the other']
  const ended = [a, b].filter(({ endedEarly }) => endedEarly !== undefined)
  const early = ended.length === 0 ? [] : ['a drill that was ended early measured another stretch of time']
  return [...unlike, ...programs, ...settings, ...early]
}

const setsOf = ({ reproduce }: Report) =>
  [...reproduce.matchAll(/--set ('[^']*'|\S+)/g)].map(([, set]) => set).join(' ')

const ranks = { valid: 0, unknown: 1, invalid: 2 }

function verdicts(a: Report, b: Report): ComparisonRow {
  const by = ranks[b.verdict] - ranks[a.verdict]
  const cured = 'one run that finds nothing is no proof that the bug is gone; --repeat 20 is a better one'
  return {
    kind: 'verdict',
    what: 'verdict',
    before: a.verdict,
    after: b.verdict,
    change: by > 0 ? 'worse' : by < 0 ? 'better' : 'same',
    note: a.verdict === 'invalid' && b.verdict === 'valid' ? cured : '',
  }
}

/** None where neither counted anything. */
function safetyRow(metric: string, a: Report, b: Report): ComparisonRow[] {
  const [before, after] = [a.counts[metric] ?? 0, b.counts[metric] ?? 0]
  if (before === 0 && after === 0) return []
  const row = { kind: 'safety', what: metric, before: humanCount(before), after: humanCount(after) } as const
  if (before === 0) return [{ ...row, change: 'worse', note: sentenceOf(metric, b) }]
  if (after === 0) return [{ ...row, change: 'better', note: 'not seen in this run' }]
  return [{ ...row, change: 'within noise', note: 'still there; how often it shows is a matter of luck' }]
}

const sentenceOf = (metric: string, { findings }: Report) =>
  findings.find((one) => one.metric === metric)?.message ?? ''

function latencyRow(metric: string, a: Report, b: Report): ComparisonRow[] {
  const [before, after] = [a.latencyMs[metric], b.latencyMs[metric]]
  if (before === undefined || after === undefined || !('count' in before) || !('count' in after)) return []
  const row = {
    kind: 'latency',
    what: `${metric} p95`,
    before: humanMs(before.p95),
    after: humanMs(after.p95),
  } as const
  const few = Math.min(before.count, after.count)
  if (few < noise.samplesMin) return [{ ...row, change: 'within noise', note: `${plural(few, 'sample')} only` }]
  const ratio = after.p95 / before.p95
  const far = Math.max(ratio, 1 / ratio) > noise.latencyFactor
  if (!far || Math.abs(after.p95 - before.p95) < noise.latencyMinMs)
    return [{ ...row, change: 'within noise', note: '' }]
  return [{ ...row, change: ratio > 1 ? 'worse' : 'better', note: `more than ${noise.latencyFactor} times, ${beyond}` }]
}

const beyond = 'which two runs of one lock seldom differ by: the lock changed, or the machine did'

/** Of rates only those that do not follow from how long everybody waited. */
function rateRows(a: Report, b: Report): ComparisonRow[] {
  const higherIsBetter = { throughput: true, commands_per_acquire: false }
  return Object.entries(higherIsBetter).flatMap(([what, higher]): ComparisonRow[] => {
    const [before, after] = [a.rates[what], b.rates[what]]
    if (!before || !after) return []
    const row = { kind: 'service', what, before: humanCount(before), after: humanCount(after) } as const
    const ratio = after / before
    if (Math.max(ratio, 1 / ratio) <= noise.rateFactor) return [{ ...row, change: 'within noise', note: '' }]
    const change = ratio > 1 === higher ? 'better' : 'worse'
    return [{ ...row, change, note: `more than ${noise.rateFactor} times, ${beyond}` }]
  })
}

/** What holds for every comparison of two single runs. */
export const honestly = `Two runs at two times: a latency counts as changed only beyond ${noise.latencyFactor} times, because two runs of one lock differ by up to that. A smaller change shows only side by side, on one machine in the same minutes (picklock gate).`
