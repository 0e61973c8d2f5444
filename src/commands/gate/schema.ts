import { z } from 'zod'
import { duelMetrics } from '../../duel/slices.ts'
import { scenario, topologyKinds } from '../../plan/scenario.ts'

/**
 * What picklock.yaml may say, and what holds where it says nothing. The JSON Schema for editors is generated from here
 * (schema/picklock.json).
 */

/** Blocks for which their most important value may stand alone: `lock: ./my-lock.ts`. */
const shorthands = new Set<unknown>()

function orJust<Block extends z.ZodObject>(key: string, block: Block, description: string) {
  const short = z
    .preprocess((value) => (typeof value === 'string' ? { [key]: value } : value), block)
    .describe(description)
  shorthands.add(short)
  return short
}

const lockOptions = z
  .record(z.string(), z.unknown())
  .default({})
  .describe('What its open(env) finds in env.options; as --lock-option.')

const lockName = z.string().min(1).describe("A lock of Picklock's, a module's path, or stdio:<command>.")

const block = (what: string) => ({
  error: ({ code }: { code: string }) => (code === 'invalid_type' ? `it must be ${what}` : undefined),
})

const topologies = z
  .array(z.enum(topologyKinds))
  .min(1)
  .describe('Where the drills run. Default: each on the first of its topologies that the lock is made for.')

const drill = orJust(
  'scenario',
  z.strictObject(
    {
      scenario: z.string().min(1).describe('A name (picklock list scenarios), or a YAML file.'),
      topologies: topologies.optional(),
      set: z
        .record(z.string(), z.unknown())
        .default({})
        .describe('Changes to the scenario, as --set: load.duration: 20s'),
    },
    block('a scenario (a name or a file), or a block with `scenario`'),
  ),
  'A drill.',
)

export const gateSchema = z.strictObject({
  lock: orJust(
    'use',
    z.strictObject({ use: lockName, options: lockOptions }, block('a lock, or a block with `use`')),
    'The lock under test.',
  ),
  scenarios: z
    .array(drill)
    .min(1)
    .optional()
    .describe('What the lock has to survive; each runs beside its control. Default: a handful that suits the lock.'),
  topologies: topologies.optional(),
  budgets: scenario.shape.thresholds.describe(
    "Thresholds of latency and service on top of the scenarios', as k6 writes them: acquire_wait: ['p(99)<250']",
  ),
  baseline: orJust(
    'use',
    z.strictObject(
      {
        use: lockName.optional(),
        options: lockOptions.optional().describe("Default: the lock's own."),
        ref: z.string().min(1).optional().describe("The lock's own file as of this branch, tag or commit."),
      },
      block('a lock, or a block with `ref` or `use`'),
    ),
    'What its latency is compared with, side by side. Default: nothing.',
  ).optional(),
  compare: z
    .strictObject({
      metrics: z
        .array(z.enum(duelMetrics))
        .min(1)
        .default([...duelMetrics])
        .describe('Latencies that are compared.'),
      slowerByPercent: z.number().positive().max(1000).default(10).describe('Less than this, nobody cares about …'),
      slowerByMs: z.number().min(0).default(0.05).describe('… nor about less than this.'),
      topology: z.enum(topologyKinds).optional().describe('Default: the first that the lock is made for.'),
      slices: z.int().min(12).max(100).default(26).describe('Turns of each lock: more of them see smaller changes.'),
      sliceMs: z.int().min(50).max(5000).default(200).describe('How long a turn is.'),
    })
    .prefault({})
    .describe('How latency is compared.'),
  quick: z
    .array(drill)
    .min(1)
    .optional()
    .describe('What --quick runs in place of `scenarios`. Default: oversell and lost-reply.'),
})

export type GateConfig = z.output<typeof gateSchema>
export type GateDrill = NonNullable<GateConfig['scenarios']>[number]

/** JSON Schema for editors. */
export function gateJsonSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(gateSchema, {
    io: 'input',
    // A shorthand is a preprocessing step, which JSON Schema cannot see.
    override: ({ zodSchema, jsonSchema }) => {
      if (!shorthands.has(zodSchema)) return
      const { description: _, ...whole } = jsonSchema
      for (const key of Object.keys(whole)) delete jsonSchema[key]
      Object.assign(jsonSchema, { anyOf: [{ type: 'string' }, whole] })
    },
  }) as Record<string, unknown>
  return { $schema, title: 'picklock.yaml', ...rest }
}
