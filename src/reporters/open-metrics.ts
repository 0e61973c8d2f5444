import { latencyRows } from './latency.ts'
import type { Report } from './report.ts'
import type { Reporter } from './reporter.ts'
import { plain } from './text.ts'

/**
 * metrics.txt: the numbers of a drill as OpenMetrics text, for a push gateway or a node exporter's textfile folder.
 * https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md
 */
export const openMetrics = {
  name: 'metrics',
  title: 'The numbers for Prometheus, as OpenMetrics text',
  file: 'metrics.txt',
  render: ({ report }) => text(report),
} satisfies Reporter

type Labels = Record<string, string>
type Sample = readonly [labels: Labels, value: number, suffix?: string]

const verdicts = ['valid', 'invalid', 'unknown'] as const
const quantiles = [
  ['0.5', 'p50'],
  ['0.9', 'p90'],
  ['0.95', 'p95'],
  ['0.99', 'p99'],
  ['1', 'max'],
] as const

function text(report: Report): string {
  const { scenario, topology, lock, seed, verdict } = report
  const drill: Labels = { scenario, topology, lock, seed: String(seed) }
  const family = (name: string, type: string, help: string, samples: readonly Sample[], unit?: string) => {
    if (samples.length === 0) return ''
    const lines = samples.map(
      ([labels, value, suffix = '']) => `${name}${suffix}${labelled({ ...drill, ...labels })} ${number(value)}\n`,
    )
    return `# TYPE ${name} ${type}\n${unit ? `# UNIT ${name} ${unit}\n` : ''}# HELP ${name} ${help}\n${lines.join('')}`
  }
  const each = (label: string, values: Record<string, number>): Sample[] =>
    Object.entries(values).map(([name, value]) => [{ [label]: name }, value] as const)
  return [
    family(
      'picklock_verdict',
      'stateset',
      'How the drill came out.',
      verdicts.map((each) => [{ picklock_verdict: each }, each === verdict ? 1 : 0] as const),
    ),
    family('picklock_counted', 'gauge', 'What was counted in the drill.', each('what', report.counts)),
    family(
      'picklock_finding',
      'gauge',
      'What broke, by metric and blame.',
      report.findings.map(({ metric, blame = '', count, checker }) => [{ checker, metric, blame }, count] as const),
    ),
    family('picklock_rate', 'gauge', 'Rates and ratios of the drill.', each('what', report.rates)),
    family(
      'picklock_latency_seconds',
      'summary',
      'Latencies of the drill; the quantile 1 is the longest.',
      latencyRows(report).flatMap(({ metric, summary }): Sample[] => [
        ...quantiles.map(([quantile, key]) => [{ metric, quantile }, summary[key] / 1000] as const),
        [{ metric }, summary.count, '_count'],
        [{ metric }, (summary.count * summary.mean) / 1000, '_sum'],
      ]),
      'seconds',
    ),
    family(
      'picklock_fault_landed',
      'gauge',
      'Whether a fault of the drill landed.',
      report.faults.map(
        ({ fault, target, landed }, index) => [{ fault, target, nth: String(index + 1) }, landed ? 1 : 0] as const,
      ),
    ),
    family(
      'picklock_threshold_kept',
      'gauge',
      'Whether a threshold was kept.',
      report.thresholds.map(({ metric, threshold, ok }) => [{ metric, threshold }, ok ? 1 : 0] as const),
    ),
    family(
      'picklock_duration_seconds',
      'gauge',
      'How long the drill took.',
      [[{}, report.durationMs / 1000]],
      'seconds',
    ),
    '# EOF\n',
  ].join('')
}

const labelled = (labels: Labels) =>
  `{${Object.entries(labels)
    .map(([name, value]) => `${name}="${escape(plain(value))}"`)
    .join(',')}}`

const escape = (value: string) =>
  value
    .toWellFormed()
    .replaceAll('\\', String.raw`\\`)
    .replaceAll('"', String.raw`\"`)

const number = (value: number) => (Number.isFinite(value) ? String(value) : 'NaN')
