import type { Events } from '../history/event-table.ts'
import type { Report } from '../reporters/report.ts'
import { judgeAgain } from './judge-again.ts'
import { readDrill, withoutPlan } from './read.ts'

/** A report, and what it says nothing of. */
export interface Judgement extends Report {
  /** Safety metrics that the history tells nothing of, each with why; they have no threshold and no count in the report. */
  notJudged: Record<string, string>
}

/**
 * Judges a history, whoever wrote it, as `picklock check` does: a file (NDJSON, plain or .gz), a folder of them, a report's folder, or
 * events in any order, those of `readHistory` among them. Starts nothing.
 * @throws UsageError where there is nothing to read
 */
export async function judgeHistory(history: string | Events): Promise<Judgement> {
  const name = typeof history === 'string' ? history : 'history'
  const drill = typeof history === 'string' ? await readDrill(history) : ofEvents(history)
  return { ...judgeAgain(drill, name), notJudged: Object.fromEntries(drill.unjudged) }
}

const ofEvents = (events: Events) =>
  withoutPlan({ events: [...events].sort((a, b) => a.t - b.t), notes: [], damage: 'none' }, 'history', new Date())
