import { z } from 'zod'
import { faults, type FaultName } from '../faults/index.ts'
import { topologyKinds } from '../plan/scenario.ts'
import { workloads, type WorkloadKind } from '../workloads/index.ts'
import { fallbacks, type FallbackName } from './fallbacks.ts'
import type { Lang } from './words/lang.ts'

/**
 * What is known of an incident, as somebody told it: the file that `picklock incident new --facts` reads, and what its flags and questions fill in. Nothing
 * has to be known but a name; what is not is assumed for the drill, and the post-mortem says so.
 */

/** In one language, or in each. */
const prose = z.union([
  z.string().min(1),
  z.strictObject({ en: z.string().min(1), ko: z.string().min(1) } satisfies Record<Lang, z.ZodType>),
])
export type Prose = z.output<typeof prose>

const count = z.int().min(0)
const keysOf = <Name extends string>(registry: Record<Name, unknown>) => Object.keys(registry) as [Name, ...Name[]]

/** What no drill can find out: it is written down as it was told. */
const day = z.strictObject({
  /** `2025-06-05 10:22 ~ 11:35` */
  when: prose.optional(),
  grade: prose.optional(),
  status: prose.optional(),
  summary: prose.optional(),
  impact: z.array(z.strictObject({ what: prose, how: prose })).default([]),
  timeline: z.array(z.strictObject({ at: z.string(), what: prose })).default([]),
  /** The five whys, from the damage to the root. */
  whys: z.array(z.strictObject({ why: prose, because: prose })).default([]),
  /** Why it was not noticed before, or only so late. */
  unnoticed: prose.optional(),
  response: z.array(prose).default([]),
  communication: z.array(prose).default([]),
})

export const factsSchema = z.strictObject({
  name: z
    .string()
    .max(60)
    .regex(/^[a-z0-9][a-z0-9-]*$/, 'a name is lower case letters, digits and dashes'),
  title: prose.optional(),
  /** A scenario to start from: a name, or a file as seen from where the command runs. */
  from: z.string().min(1).optional(),
  topology: z.enum(topologyKinds).optional(),
  servers: z.int().min(1).max(16).optional(),
  /** As `--lock` takes it. */
  lock: z.string().min(1).optional(),
  lockOptions: z.record(z.string(), z.unknown()).optional(),
  /** `none`: the keys had no time to live. */
  ttlMs: z.union([z.int().min(1), z.literal('none')]).optional(),
  waitMs: z.int().min(0).optional(),
  memoryLimitMb: z.number().positive().optional(),
  ratePerSecond: z.number().positive().max(2000).optional(),
  durationMs: z.int().min(1000).max(120_000).optional(),
  workload: z.enum(keysOf<WorkloadKind>(workloads)).optional(),
  fallback: z.enum(keysOf<FallbackName>(fallbacks)).optional(),
  /** What broke, in this order. */
  faults: z
    .array(z.enum(keysOf<FaultName>(faults)))
    .max(6)
    .optional(),
  /** What was counted on the day. */
  recorded: z
    .strictObject({
      duplicates: count.optional(),
      oversold: count.optional(),
      negative_stock: count.optional(),
      lost_updates: count.optional(),
    })
    .optional(),
  day: day.prefault({}),
})

export type Facts = z.output<typeof factsSchema>
