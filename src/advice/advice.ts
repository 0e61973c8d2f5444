import { ledgerMetrics } from '../ledger/words.ts'
import { latencyRows } from '../reporters/latency.ts'
import type { Report } from '../reporters/report.ts'
import { choices, type Choice, type ChoiceName } from './choices.ts'
import { situations, type SituationName } from './situations.ts'
import type { Trade } from './trial.ts'

/** One drill's figures. */
export interface Cell {
  choice: ChoiceName
  situation: SituationName
  /** Undefined: the fault did not land, or nothing was counted: it tells nothing. */
  damage: number | undefined
  /** By metric, those above zero. */
  damages: Readonly<Record<string, number>>
  done: number
  donePerSecond: number
  /** Of those that asked, the share that got neither yes nor a justified no: contended, unavailable, uncertain. */
  failedShare: number
  request: { p50Ms: number; p95Ms: number; maxMs: number } | undefined
  reproduce: string
}

export interface Advice {
  schema: 1
  workload: Trade
  seed: number
  quick: boolean
  versions: Readonly<Record<string, string>>
  cells: Cell[]
  /** Without damage in everything that was tried. */
  undamaged: ChoiceName[]
  /** Of those, the one that did most on a calm day. */
  fastest: ChoiceName | undefined
}

export function cellOf(choice: ChoiceName, situation: SituationName, report: Report): Cell {
  const { counts, faults, rates, reproduce } = report
  const damages = Object.fromEntries(
    ledgerMetrics.map((metric) => [metric, counts[metric] ?? 0] as const).filter(([, count]) => count > 0),
  )
  const isKnown =
    faults.every(({ landed }) => landed) && counts['duplicates'] !== undefined && (counts['done'] ?? 0) > 0
  const request = latencyRows(report).find(({ metric }) => metric === 'request_duration')?.summary
  const failed = ['contended', 'unavailable', 'indeterminate'].reduce((sum, name) => sum + (counts[name] ?? 0), 0)
  return {
    choice,
    situation,
    damage: isKnown ? Object.values(damages).reduce((sum, count) => sum + count, 0) : undefined,
    damages,
    done: counts['done'] ?? 0,
    donePerSecond: rates['throughput'] ?? 0,
    failedShare: failed / Math.max(1, counts['requests'] ?? 0),
    request: request && { p50Ms: request.p50, p95Ms: request.p95, maxMs: request.max },
    reproduce,
  }
}

/** Pure: what the figures say. A cell that tells nothing speaks against nobody, and for nobody. */
export function adviceOf(
  cells: readonly Cell[],
  about: Pick<Advice, 'workload' | 'seed' | 'quick' | 'versions'>,
): Advice {
  const names = (Object.keys(choices) as ChoiceName[]).filter((name) => cells.some(({ choice }) => choice === name))
  const undamaged = names.filter((name) => cells.every((cell) => cell.choice !== name || cell.damage === 0))
  const calm = (name: ChoiceName) =>
    cells.find(({ choice, situation }) => choice === name && situation === 'calm')?.donePerSecond ?? 0
  const [fastest] = undamaged.toSorted((a, b) => calm(b) - calm(a))
  return { schema: 1, ...about, cells: [...cells], undamaged, fastest }
}

export const titleOf = (name: ChoiceName): Choice['title'] => choices[name].title

/** The situations that were tried, in their order. */
export const triedIn = ({ cells }: Advice): SituationName[] =>
  (Object.keys(situations) as SituationName[]).filter((name) => cells.some(({ situation }) => situation === name))
