import { z } from 'zod'
import { faults } from '../faults/index.ts'
import { workloads } from '../workloads/index.ts'
import { scenario, topologyKinds, type Scenario } from './scenario.ts'

/**
 * The whole schema of a scenario file: scenario.ts, whose `workload` and `faults` are open, closed with what the members of the
 * registries say about their own options. A new workload or fault is checked, suggested and completed in editors without a line here.
 */
const workloadKeys = scenario.shape.workload.shape
const faultKeys = scenario.shape.faults.unwrap().element.shape

const workloadForms = Object.entries(workloads).map(([kind, { options }]) => {
  if (!(options instanceof z.ZodObject)) throw new Error(`the options of the workload ${kind} are no object schema`)
  return options.safeExtend({ ...workloadKeys, kind: z.literal(kind) })
})

const faultForms = Object.entries(faults).map(([name, { parameters }]) =>
  (parameters as z.ZodObject).safeExtend({ ...faultKeys, fault: z.literal(name) }),
)

const whole = scenario.extend({
  workload: z.discriminatedUnion('kind', atLeastOne(workloadForms)),
  faults: z.array(z.discriminatedUnion('fault', atLeastOne(faultForms))).default([]),
})

export const scenarioSchema = whole as unknown as z.ZodType<Scenario>

/** A fault's own parameters, without what every fault has. */
export function parametersOf(fault: Scenario['faults'][number]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fault).filter(([key]) => !(key in faultKeys)))
}

/** JSON Schema for editors, checked in as schema/scenario.json. */
export function scenarioJsonSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(whole, { io: 'input' }) as Record<string, unknown> & {
    properties: Record<string, unknown>
  }
  // The shorthand `topology: sentinel` is a preprocessing step, which JSON Schema cannot see.
  const properties = { ...rest.properties, topology: { anyOf: [{ enum: topologyKinds }, rest.properties['topology']] } }
  return { $schema, title: 'A Picklock scenario', ...rest, properties }
}

function atLeastOne<T>(members: T[]): [T, ...T[]] {
  return members as [T, ...T[]]
}
