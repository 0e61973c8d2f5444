import { ledgerMetrics } from '../ledger/words.ts'
import { interruptedDoubt, type Report } from '../reporters/report.ts'
import { counterMeasures } from './counter-measures/index.ts'
import type { IncidentRecord } from './record.ts'

type Measure = IncidentRecord['measures'][number]

const sumOf = ({ counts }: Report, metrics: readonly string[]): number =>
  metrics.reduce((sum, metric) => sum + (counts[metric] ?? 0), 0)

/** Of a drill that keeps no books, overlaps are all that there is. */
export function damageOf(report: Report): number {
  const kept = ledgerMetrics.some((metric) => report.counts[metric] !== undefined)
  return kept ? sumOf(report, ledgerMetrics) : sumOf(report, ['overlaps'])
}

/**
 * `prevented`: what was there without it is gone, on faults that landed, and work was done; `unclear`: the run proves nothing, because a fault did not
 * land, nothing was done, there was nothing to prevent, or it was cut off before its time: less damage in a shorter run is no merit.
 */
export type Outcome = 'prevented' | 'reduced' | 'not-prevented' | 'unclear' | 'not-run'

export function outcomeOf({ name, before, after }: Measure, incident: Report): Outcome {
  if (after === undefined) return 'not-run'
  const { judgedBy } = counterMeasures[name]
  const amount = (report: Report) => (judgedBy === 'damage' ? damageOf(report) : (report.counts[judgedBy] ?? 0))
  const [was, is] = [amount(before?.report ?? incident), amount(after.report)]
  if (is > 0 && is >= was) return 'not-prevented'
  if (wasCutOff(after.report)) return 'unclear'
  if (is > 0) return 'reduced'
  const proves = after.report.faults.every(({ landed }) => landed) && served(after.report) > 0
  return was > 0 && proves ? 'prevented' : 'unclear'
}

/** Somebody ended it before its time: Ctrl-C. */
export const wasCutOff = ({ unknownBecause }: Report): boolean => unknownBecause.includes(interruptedDoubt)

/** Works that were done; of a drill without books, grants. */
export const served = ({ counts }: Report): number => counts['done'] ?? counts['granted'] ?? 0

/** Whether the incident was seen, or the evidence sufficed to say that it was not. */
export const tellsSomething = ({ verdict, findings }: Report): boolean => verdict !== 'unknown' || findings.length > 0
