import { metricNamed } from '../../plan/metrics.ts'
import type { Report } from '../../reporters/report.ts'

/** What one drill of the selftest said about one lock of the corpus. */
export interface Outcome {
  lock: string
  kind: 'broken' | 'sound'
  scenario: string
  topology: string
  seed: number
  /** Whether the corpus says how this drill has to end; drills of `--everywhere` beyond that are looked at only. */
  claimed: boolean
  /** Broken: `caught`, `missed`; sound: `passed`, `false alarm`; `unknown` where the drill itself could not tell. */
  result: 'caught' | 'missed' | 'passed' | 'false alarm' | 'unknown'
  /** All safety metrics that were crossed, in the order in which the report tells them, and of service the one that the corpus names. */
  metrics: string[]
  /** Broken: whether the metric that the corpus names was among them. */
  named: boolean
  /** From the drill's start to the first finding; of what only the ledger shows, to the drill's end. Null where nothing was found. */
  afterMs: number | null
  durationMs: number
  /** The first sentence: what was found, or why the drill could not tell. */
  because: string
  reproduce: string
  /** The report's folder, where it was kept. */
  folder?: string
}

/**
 * Caught means: invalid, and by a finding; a lock of which the corpus says that it harms nobody and serves badly is caught by the threshold on that. A drill
 * that is unknown has neither caught nor passed anything.
 */
export function outcomeOf(
  report: Report,
  about: { kind: Outcome['kind']; claimed: boolean; metric: string | undefined },
): Outcome {
  const crossed = report.thresholds.filter(({ ok, value }) => !ok && value !== null).map(({ metric }) => nameOf(metric))
  const slow = crossed.filter((metric) => metric === about.metric && metricNamed(metric)?.kind !== 'safety')
  const found = report.findings.map(({ metric }) => metric).filter((metric) => crossed.includes(metric))
  const metrics = [...new Set([...found.filter((metric) => metricNamed(metric)?.kind === 'safety'), ...slow])]
  const findings = report.findings.filter(({ metric }) => metrics.includes(metric))
  const firstMs = Math.min(...findings.map(({ first }) => first?.atMs ?? report.durationMs))
  return {
    lock: report.lock,
    kind: about.kind,
    scenario: report.scenario,
    topology: report.topology,
    seed: report.seed,
    claimed: about.claimed,
    result: resultOf(report.verdict, about.kind, metrics, slow.length > 0),
    metrics,
    named: about.metric !== undefined && metrics.includes(about.metric),
    afterMs: findings.length > 0 ? firstMs : null,
    durationMs: report.durationMs,
    because: (report.verdict === 'unknown' ? report.unknownBecause[0] : findings[0]?.message) ?? '',
    reproduce: report.reproduce,
  }
}

function resultOf(
  verdict: Report['verdict'],
  kind: Outcome['kind'],
  metrics: readonly string[],
  servesBadly: boolean,
): Outcome['result'] {
  if (verdict === 'unknown') return 'unknown'
  if (kind === 'sound') return verdict === 'valid' ? 'passed' : 'false alarm'
  return (verdict === 'invalid' && metrics.length > 0) || servesBadly ? 'caught' : 'missed'
}

/** `overlaps{blame:lock}` → `overlaps` */
const nameOf = (metric: string) => metric.split('{')[0]!

const isFailure = ({ claimed, result }: Outcome): boolean =>
  claimed && (result === 'missed' || result === 'false alarm')

/**
 * 1 where a broken lock was missed or a sound one accused, which no doubt elsewhere can make good; else 4 where a drill could not tell;
 * else 0. Only what the corpus claims counts.
 */
export function exitCodeOf(outcomes: readonly Outcome[]): 0 | 1 | 4 {
  if (outcomes.some(isFailure)) return 1
  return outcomes.some(({ claimed, result }) => claimed && result === 'unknown') ? 4 : 0
}

/** The runs of one lock in one scenario on one topology, in the order of their first. */
export interface Row {
  lock: string
  kind: Outcome['kind']
  scenario: string
  topology: string
  claimed: boolean
  outcomes: Outcome[]
  /** How many came out as the corpus says. */
  good: number
}

export function rowsOf(outcomes: readonly Outcome[]): Row[] {
  const groups = Map.groupBy(outcomes, ({ lock, scenario, topology }) => `${lock} ${scenario} ${topology}`)
  return [...groups.values()].map((group) => {
    const { lock, kind, scenario, topology, claimed } = group[0]!
    const good = group.filter(({ result }) => result === 'caught' || result === 'passed').length
    return { lock, kind, scenario, topology, claimed, outcomes: group, good }
  })
}
