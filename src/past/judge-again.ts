import { quote } from 'shlex'
import { judge } from '../judge.ts'
import type { Report } from '../reporters/report.ts'
import type { PastDrill } from './read.ts'

/**
 * The report of a drill of the past, as the drill itself made it. Of what could not be judged it says nothing: no threshold, no count.
 * @param path how the user called it
 */
export function judgeAgain({ record, control, unjudged, holes }: PastDrill, path: string): Report {
  const report = inDoubt(judge(record, control), holes)
  if (unjudged.size === 0) return report
  const counts = Object.entries(report.counts).filter(([name]) => !unjudged.has(name))
  return {
    ...report,
    counts: Object.fromEntries(counts),
    thresholds: report.thresholds.filter(({ metric }) => !unjudged.has(metric)),
    reproduce: `picklock check ${quote(path)}`,
  }
}

/** Why what was found in a history that is not whole convicts nobody; it is told all the same. */
const doubts: Record<Exclude<PastDrill['holes'], 'none'>, string> = {
  end: 'violations were seen before the place where the history breaks off, and stand; it is not whole, so that there is no verdict',
  middle: 'what was found may come of what is missing from the history',
}

function inDoubt(report: Report, holes: PastDrill['holes']): Report {
  if (holes === 'none' || report.verdict !== 'invalid') return report
  return { ...report, verdict: 'unknown', unknownBecause: [doubts[holes], ...report.unknownBecause] }
}
