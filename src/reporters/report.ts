import { z } from 'zod'

/** report.json, schema 1. The JSON Schema is generated from here. */
const summary = z.object({
  count: z.int(),
  mean: z.number(),
  p50: z.number(),
  p90: z.number(),
  p95: z.number(),
  p99: z.number(),
  max: z.number(),
})
export type LatencySummary = z.infer<typeof summary>
/** `{}` where nothing was measured. */
const latency = z.union([summary, z.strictObject({})])

const cause = z.object({
  node: z.string(),
  atMs: z.number(),
  what: z.string(),
  call: z.object({ process: z.string(), f: z.string(), op: z.int(), grant: z.int() }).optional(),
})

const verdicts = ['valid', 'invalid', 'unknown'] as const
export type Verdict = (typeof verdicts)[number]

export const report = z.object({
  schema: z.literal(1),
  scenario: z.string(),
  topology: z.string(),
  runtime: z.string(),
  lock: z.string(),
  workload: z.string(),
  seed: z.int(),
  startedAt: z.iso.datetime(),
  durationMs: z.number(),
  verdict: z.enum(verdicts),
  /** Why the verdict is unknown, one sentence each; empty otherwise. */
  unknownBecause: z.array(z.string()),
  /** The threshold with abortOnFail that ended the drill before its time, and when. */
  endedEarly: z.object({ threshold: z.string(), atMs: z.number() }).optional(),
  findings: z.array(
    z.object({
      checker: z.string(),
      metric: z.string(),
      blame: z.enum(['lock', 'holder', 'topology', 'unclear']).optional(),
      count: z.number(),
      /** How many of them came of a stall that nobody planned, and prove nothing. */
      stalled: z.number().optional(),
      /** How many were shorter than the servers' clocks may differ, and prove nothing. */
      blurred: z.number().optional(),
      message: z.string(),
      first: z.object({ key: z.string(), atMs: z.number(), ops: z.array(z.int()) }).optional(),
      /** The nodes' events on which the first one rests; `call`: which call of the lock was under way then. */
      causes: z.array(cause).optional(),
    }),
  ),
  counts: z.record(z.string(), z.number()),
  /** The damage of the real incident that the scenario replays, for comparison. */
  recorded: z.record(z.string(), z.number()).optional(),
  latencyMs: z.record(z.string(), latency),
  rates: z.record(z.string(), z.number()),
  /** What the lock itself counted, under its own names, summed over the servers that lived to tell. */
  lockCounters: z.record(z.string(), z.number()).optional(),
  faults: z.array(
    z.object({
      fault: z.string(),
      target: z.string(),
      plannedAtMs: z.number().nullable(),
      appliedAtMs: z.number().nullable(),
      healedAtMs: z.number().nullable(),
      landed: z.boolean(),
      proof: z.string(),
      holdsDuring: z.int(),
    }),
  ),
  thresholds: z.array(
    z.object({ metric: z.string(), threshold: z.string(), value: z.number().nullable(), ok: z.boolean() }),
  ),
  control: z
    .object({
      lock: z.string(),
      verdict: z.enum(verdicts),
      metric: z.string().nullable(),
      afterMs: z.number().nullable(),
    })
    .optional(),
  reproduce: z.string(),
  /** Of the project in which it was run; ends in `-dirty` where something was changed besides. */
  commit: z.string().optional(),
  versions: z.record(z.string(), z.string()),
})
export type Report = z.infer<typeof report>

/** Among `unknownBecause` of a drill that somebody ended before its time. */
export const interruptedDoubt = 'the drill was interrupted'
