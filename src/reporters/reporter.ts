import type { Events } from '../history/event-table.ts'
import type { Plan } from '../plan/scenario.ts'
import type { LogLine } from './node-logs.ts'
import type { Report } from './report.ts'

/** A reporter is a pure function from what is known to text; one writer owns the disk (reporters/folder.ts). */
export interface Reporter {
  name: string
  title: string
  /** The file in the report's folder. */
  file: string
  /** As long as the history: not written by a drill, only by `picklock report`. */
  onDemand?: true
  /** `logs`: what the nodes wrote (node-logs.ts), where somebody read it. */
  render(input: { report: Report; plan: Plan; events: Events; logs?: readonly LogLine[] }): string
}
