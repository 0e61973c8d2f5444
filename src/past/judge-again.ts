import { quote } from 'shlex'
import { judge } from '../judge.ts'
import type { Report } from '../reporters/report.ts'
import type { PastDrill } from './read.ts'

/**
 * The report of a drill of the past, as the drill itself made it. Of what could not be judged it says nothing: no threshold, no count.
 * @param path how the user called it
 */
export function judgeAgain({ record, control, unjudged, isSound }: PastDrill, path: string): Report {
  const report = inDoubt(judge(record, control), isSound)
  if (unjudged.size === 0) return report
  const counts = Object.entries(report.counts).filter(([name]) => !unjudged.has(name))
  return {
    ...report,
    counts: Object.fromEntries(counts),
    thresholds: report.thresholds.filter(({ metric }) => !unjudged.has(metric)),
    reproduce: `picklock check ${quote(path)}`,
  }
}

/** What is found in a history with holes is told, and convicts nobody: the release may have stood in the hole. */
function inDoubt(report: Report, isSound: boolean): Report {
  if (isSound || report.verdict !== 'invalid') return report
  const why = 'what was found may come of what is missing from the history'
  return { ...report, verdict: 'unknown', unknownBecause: [why, ...report.unknownBecause] }
}
