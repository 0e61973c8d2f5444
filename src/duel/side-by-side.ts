import { isSuspicious, latencyRows, type LatencyRow, type Worth } from './compare.ts'
import { duel, type Duel, type DuelContext, type SideName } from './duel.ts'
import type { Side, Terms } from './plan.ts'
import type { DuelMetric } from './slices.ts'

/** What was compared, and what came of it. */
export interface SideBySide {
  lock: string
  baseline: string
  topology: string
  /** One, or two where something looked slower. */
  duels: Duel[]
  rows: LatencyRow[]
  /** Why nothing, or not all, can be said; empty where the rows say all. */
  unknownBecause: string[]
}

export interface Question {
  sides: Record<SideName, Side>
  terms: Terms
  metrics: readonly DuelMetric[]
  worth: Worth
}

/**
 * Whether a lock is slower than another one. What looks so is measured again, with fresh processes, other requests and the first turn for the other
 * one, before it is called so.
 */
export async function sideBySide(question: Question, context: DuelContext): Promise<SideBySide> {
  const { sides, terms, metrics, worth } = question
  const duels = [await duel(sides, 'lock', terms, context)]
  const measured = () => duels.map(({ lock, baseline }) => ({ lock: lock.slices, baseline: baseline.slices }))
  if (!context.signal.aborted && isSuspicious(measured()[0]!, metrics, worth)) {
    context.progress.fault(`${sides.lock.name} looks slower: measured again`)
    duels.push(await duel(sides, 'baseline', { ...terms, seed: (terms.seed + 1) % 2 ** 32 }, context))
  }
  const rows = latencyRows(measured(), metrics, worth)
  return {
    lock: sides.lock.name,
    baseline: sides.baseline.name,
    topology: terms.topology,
    duels,
    rows,
    unknownBecause: [...baselineDoubts(duels), ...tooFew(rows)],
  }
}

/** What a lock that fails takes for a grant is no measure for another one. */
function baselineDoubts(duels: readonly Duel[]): string[] {
  return duels.flatMap(({ baseline: { report } }) =>
    report.verdict === 'valid'
      ? []
      : [
          `the baseline ${report.lock} came out ${report.verdict}, so that its times are no measure: ${report.findings[0]?.message ?? report.unknownBecause[0] ?? 'no reason was given'}`,
        ],
  )
}

const tooFew = (rows: readonly LatencyRow[]): string[] =>
  rows.flatMap(({ metric, few, note }) => (few ? [`${metric} was not compared: ${note}`] : []))
