import { z } from 'zod'
import type { AttachChoice } from '../runtimes/attach/stack.ts'

/**
 * A scenario file's shape, and the Plan that it becomes: every default filled in, durations in ms, frozen. The JSON Schema for editors
 * is generated from the same schema.
 */

/** `500ms`, `12s`, `1m`: a number without a unit is an error, in k6's words. → ms */
const duration = z
  .string({ error: 'a duration needs a unit, for example 500ms, 12s or 1m' })
  .refine((text) => !/^\s*-/.test(text), { error: 'a time cannot be negative', abort: true })
  .regex(/^(\d+(\.\d+)?)(ms|s|m)$/, 'a duration needs a unit, for example 500ms, 12s or 1m')
  .transform((text) => {
    const [, amount, unit] = /^([\d.]+)(ms|s|m)$/.exec(text)!
    return Number(amount) * { ms: 1, s: 1_000, m: 60_000 }[unit as 'ms' | 's' | 'm']
  })

export const topologyKinds = ['single', 'sentinel', 'redlock'] as const

const topology = z.strictObject({
  kind: z.enum(topologyKinds),
  /** redlock: independent primaries. */
  nodes: z.int().min(3).max(9).default(3),
  /** sentinel */
  replicas: z.int().min(1).max(5).default(1),
  sentinels: z.int().min(1).max(7).default(3),
  quorum: z.int().min(1).default(2),
  downAfterMs: z.int().min(100).default(1000),
})

const lock = z
  .strictObject({
    ttlMs: z.int().min(1).default(2700),
    waitMs: z.int().min(0).default(5000),
    options: z.record(z.string(), z.unknown()).default({}),
  })
  .prefault({})

/** Workloads have options of their own; each member's schema checks them (plan/validate.ts), so that a new workload is one file. */
const workload = z.looseObject({ kind: z.string() })

/** Likewise for a fault's own parameters. */
const fault = z.looseObject({
  fault: z.string(),
  target: z.string().optional(),
  at: duration.optional(),
  when: z.enum(['acquired', 'extending', 'releasing']).optional(),
  after: z.int().min(1).optional(),
  for: duration.optional(),
})

const common = {
  /** Iterations that are under way when the time is up may still end. k6's default; calls that never answer come to their deadlines in it. */
  gracefulStop: duration.prefault('30s'),
  startTime: duration.prefault('0s'),
  /** `server`: the virtual users run inside the servers; `http`: they go through the servers' doors. */
  via: z.enum(['server', 'http']).default('server'),
}

/** Each is a caller of its own inside a server: beyond this, nothing is measured but the harness. */
const vusMax = 10_000
const vus = z.int().min(1).max(vusMax)

/** k6's executors, with k6's names and meanings. `rate` is iterations per `timeUnit`. VUs and iterations are of the whole drill, not per server. */
export const load = z.discriminatedUnion('executor', [
  z.strictObject({ executor: z.literal('constant-vus'), vus, duration, ...common }),
  z.strictObject({
    executor: z.literal('constant-arrival-rate'),
    rate: z.number().positive(),
    timeUnit: duration.prefault('1s'),
    duration,
    preAllocatedVUs: z.int().min(0).max(vusMax).default(0),
    maxVUs: vus.default(100),
    ...common,
  }),
  z.strictObject({
    executor: z.literal('ramping-arrival-rate'),
    startRate: z.number().min(0).default(0),
    timeUnit: duration.prefault('1s'),
    stages: z.array(z.strictObject({ target: z.number().min(0), duration })).min(1),
    preAllocatedVUs: z.int().min(0).max(vusMax).default(0),
    maxVUs: vus.default(100),
    ...common,
  }),
  z.strictObject({
    executor: z.literal('per-vu-iterations'),
    vus,
    iterations: z.int().min(1),
    maxDuration: duration.prefault('60s'),
    ...common,
  }),
  z.strictObject({
    executor: z.literal('shared-iterations'),
    vus,
    iterations: z.int().min(1),
    maxDuration: duration.prefault('60s'),
    ...common,
  }),
])

/** k6's two ways to write a threshold: `count==0`, or an object that says more. */
const threshold = z.union([
  z.string(),
  z.strictObject({
    threshold: z.string(),
    /** Ends the drill as soon as it is crossed: the question is answered. */
    abortOnFail: z.boolean().default(false),
    /** Not before this time of the load. */
    delayAbortEval: duration.prefault('0s'),
  }),
])

export type WrittenThreshold = z.output<typeof threshold>

export const scenario = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'a scenario name is lower case letters, digits and dashes'),
  title: z.string(),
  story: z.string().default(''),
  /** A kind, or an object with the kind and its numbers. The default; --topology overrides it. */
  topology: z.preprocess((value) => (typeof value === 'string' ? { kind: value } : value), topology),
  /** Where the scenario makes sense; default: only its own. */
  topologies: z.array(z.enum(topologyKinds)).min(1).optional(),
  servers: z.int().min(1).max(16).default(2),
  lock,
  workload,
  load,
  faults: z.array(fault).default([]),
  settle: duration.prefault('500ms'),
  /** What was counted in the real incident that the scenario replays: reports show it beside what the drill counted. */
  recorded: z
    .strictObject({
      duplicates: z.int().min(0).optional(),
      oversold: z.int().min(0).optional(),
      negative_stock: z.int().min(0).optional(),
      lost_updates: z.int().min(0).optional(),
    })
    .optional(),
  /** A lock that this drill has to catch. */
  control: z.string(),
  /** Below these numbers the verdict is unknown. */
  evidence: z
    .strictObject({
      grants: z.int().min(0).default(1),
      holdsDuringFault: z.int().min(0).default(1),
      /** How often Sentinel must have replaced the primary: a drill of a failover that did not happen tells nothing. */
      switches: z.int().min(0).optional(),
    })
    .prefault({}),
  thresholds: z.record(z.string(), z.array(threshold).min(1)).default({}),
})

export type Scenario = z.output<typeof scenario>
/** As it stands in a file: with what has a default left out, and durations as text. */
export type WrittenScenario = z.input<typeof scenario>
export type Load = Scenario['load']

/** What a drill is run from: the scenario with all its defaults, and what the command line chose. Frozen. */
export interface Plan extends Readonly<Omit<Scenario, 'lock' | 'faults'>> {
  readonly runtime: 'process' | 'docker' | 'attach'
  /** To what the runtime `attach` attaches, where it was not found by itself. */
  readonly attach?: AttachChoice
  /** Of what the containers of the runtime `docker` are made, where it is not the default: by `redis`, `toxiproxy`, `postgres`. */
  readonly images?: Readonly<Record<string, string>>
  /**
   * By how much the clocks of the machines on which servers ran may have differed; absent where it was one machine. An overlap of two servers
   * that is no longer than this proves nothing (docs/scaling.md).
   */
  readonly clockErrorMs?: number
  /** Who makes the load. */
  readonly driver: DriverChoice
  readonly seed: number
  /** What else the command line said, so that the report can tell how to run the drill again. */
  readonly asked: {
    readonly scenario: string
    readonly set: readonly string[]
    readonly lockOptions: Readonly<Record<string, unknown>>
    /** The command that runs it again, where that is not `picklock run` with the above. */
    readonly command?: string
  }
  readonly lock: {
    /** What the user wrote: a name of the registry, a file, `stdio:…`. */
    readonly spec: string
    /** For folders, titles and reports. */
    readonly name: string
    readonly ttlMs: number
    readonly waitMs: number
    readonly options: Readonly<Record<string, unknown>>
  }
  readonly faults: readonly PlannedFault[]
}

/** `script`: as the user wrote it; without it, Picklock's own for the workload. `instances`: processes of k6 that share the load. */
export type DriverChoice =
  | { readonly name: 'builtin' }
  | { readonly name: 'k6'; readonly script?: string | undefined; readonly instances: number }

/** A fault with its schedule resolved by the seed and its parameters checked. Times in ms since the load began. */
export interface PlannedFault {
  fault: string
  target: string
  atMs?: number
  when?: 'acquired' | 'extending' | 'releasing'
  after?: number
  forMs: number
  parameters: Record<string, unknown>
}
