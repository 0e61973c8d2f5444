import { quote } from 'shlex'
import { judge } from '../judge.ts'
import type { Report } from '../reporters/report.ts'
import type { PastDrill } from './read.ts'

/**
 * The report of a drill of the past, as the drill itself made it. Of what could not be judged it says nothing: no threshold, no count.
 * @param path how the user called it
 */
export function judgeAgain({ record, control, unjudged }: PastDrill, path: string): Report {
  const report = judge(record, control)
  if (unjudged.size === 0) return report
  const counts = Object.entries(report.counts).filter(([name]) => !unjudged.has(name))
  return {
    ...report,
    counts: Object.fromEntries(counts),
    thresholds: report.thresholds.filter(({ metric }) => !unjudged.has(metric)),
    reproduce: `picklock check ${quote(path)}`,
  }
}
