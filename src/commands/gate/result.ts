import { z } from 'zod'
import type { SideBySide } from '../../duel/side-by-side.ts'
import { duelMetrics } from '../../duel/slices.ts'
import { report } from '../../reporters/report.ts'
import { exitCode } from '../../verdict.ts'

/** gate.json, schema 1: what a gate ran and what came of it. The JSON Schema (schema/gate.json) is generated from here. */
const latency = z.object({
  metric: z.enum(duelMetrics),
  /** `slower` and `faster` only where it was measured twice; `alike`: not slower by as much as anybody would care about; `not told`: neither can be said. */
  change: z.enum(['slower', 'faster', 'alike', 'not told']),
  /** In typical slices, ms; null where nothing was measured. */
  lockMs: z.number().nullable(),
  baselineMs: z.number().nullable(),
  /** Lock to baseline, and its bounds, each of which holds with 95 %; null where nothing bounds it. */
  ratio: z.number().nullable(),
  lower: z.number().nullable(),
  upper: z.number().nullable(),
  /** Of each measurement: how probable so much would be if the lock were not slower. */
  p: z.array(z.number()),
  pairs: z.int(),
  few: z.boolean(),
  note: z.string(),
})

export const gateResult = z.object({
  schema: z.literal(1),
  lock: z.string(),
  seed: z.int(),
  quick: z.boolean(),
  startedAt: z.iso.datetime(),
  durationMs: z.number(),
  exitCode: z.int(),
  /** Why the gate did not come to its end; absent where it did. */
  endedBy: z.string().optional(),
  drills: z.array(
    z.object({
      as: z.enum(['lock under test', 'control', 'duel', 'baseline']),
      /** As the user would type it. */
      folder: z.string(),
      report,
    }),
  ),
  /** Absent where there is no baseline. */
  comparison: z
    .object({
      baseline: z.string(),
      topology: z.string(),
      /** 2 where something looked slower at first. */
      measurements: z.int(),
      rows: z.array(latency),
      /** Why nothing, or not all, can be said; empty where the rows say all. */
      unknownBecause: z.array(z.string()),
    })
    .optional(),
  /** The command that runs it again. */
  reproduce: z.string(),
})
export type GateResult = z.infer<typeof gateResult>

export const comparisonOf = ({ baseline, topology, duels, rows, unknownBecause }: SideBySide) => ({
  baseline,
  topology,
  measurements: duels.length,
  rows,
  unknownBecause,
})

/** Reports that the gate judges the lock by: those of controls and of the baseline are none. */
export const judged = ({ drills }: Pick<GateResult, 'drills'>) =>
  drills.filter(({ as }) => as === 'lock under test' || as === 'duel').map(({ report: each }) => each)

/** By the design's rules: 1 where the lock broke, 4 where something is not known, 99 where it is slower or worse served than asked, else 0. */
export function gateExitCode(result: Pick<GateResult, 'drills' | 'comparison'>): 0 | 1 | 4 | 99 {
  const code = exitCode(judged(result)) as 0 | 1 | 4 | 99
  if (code === 1 || code === 4 || result.comparison === undefined) return code
  if (result.comparison.unknownBecause.length > 0) return 4
  return result.comparison.rows.some(({ change }) => change === 'slower') ? 99 : code
}

/** The JSON Schema of gate.json. */
export const gateResultSchema = () => ({
  ...z.toJSONSchema(gateResult, { target: 'draft-2020-12' }),
  title: "Picklock's gate.json, schema 1",
})
