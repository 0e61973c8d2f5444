import { z } from 'zod'
import type { Fault } from '../../src/faults/fault.ts'
import { faults } from '../../src/faults/index.ts'
import { UsageError } from '../../src/lib/failure.ts'
import { random } from '../../src/lib/random.ts'
import type { TopologyKind } from '../../src/locks/lock.ts'
import { makePlan, parseScenario } from '../../src/plan/index.ts'

/**
 * A scenario of many random faults: what the registry has, on whatever targets and with whatever parameters the plan's own checks accept.
 * The same seed gives the same storm, as long as the registry is the same.
 */
export interface Storm {
  topology: TopologyKind
  seed: number
  faults: number
  durationMs: number
}

/** Drawn faults for each one that is wanted: most contradict one that is there already. */
const drawsMax = 60
const forMs = { min: 100, max: 1500 }

export function stormScenario({ topology, seed, faults: wanted, durationMs }: Storm): Record<string, unknown> {
  const draw = random(seed, 'storm', topology)
  const base = {
    name: 'storm',
    title: `${wanted} random faults in ${durationMs} ms`,
    topology,
    servers: 2,
    lock: { ttlMs: 1300, waitMs: 1000 },
    workload: { kind: 'oversell', products: 10, stock: 1000, workMs: { min: 2, max: 20 }, resubmit: 0.1 },
    load: {
      executor: 'constant-arrival-rate',
      rate: 60,
      duration: `${durationMs}ms`,
      maxVUs: 60,
      gracefulStop: '3s',
    },
    settle: '2s',
    control: 'naive',
    evidence: { grants: 0, holdsDuringFault: 0 },
  }
  const chosen: Record<string, unknown>[] = []
  for (let draws = 0; draws < wanted * drawsMax && chosen.length < wanted; draws++) {
    const fault = drawFault(draw, durationMs)
    if (accepted({ ...base, faults: [fault] }, topology) && accepted({ ...base, faults: [...chosen, fault] }, topology))
      chosen.push(fault)
  }
  return { ...base, faults: chosen }
}

function accepted(scenario: Record<string, unknown>, topology: TopologyKind): boolean {
  try {
    const source = { file: 'storm', data: scenario, where: () => 'storm' }
    makePlan(parseScenario(source), { topology, lock: { spec: 'reference', name: 'reference' }, seed: 1 })
    return true
  } catch (error) {
    if (error instanceof UsageError) return false
    throw error
  }
}

type Draw = () => number

const pick = <Item>(draw: Draw, items: readonly Item[]): Item => items[Math.floor(draw() * items.length)]!

const nodeWords = ['primary', 'replica', 'one', 'minority', 'majority', 'all', 'redis-1', 'redis-2', 'sentinel-1']
const serverWords = ['server-1', 'server-2', 'servers', 'holder']
const targets = {
  nodes: nodeWords,
  links: [...serverWords, 'cluster'].flatMap((from) => nodeWords.map((to) => `${from}→${to}`)),
  servers: serverWords,
  sentinel: nodeWords,
} satisfies Record<Fault['group'], readonly string[]>

function drawFault(draw: Draw, durationMs: number): Record<string, unknown> {
  const fault: Fault = pick(draw, Object.values(faults))
  const whole = Math.floor(draw() * (durationMs - 200))
  return {
    fault: fault.name,
    target: draw() < 0.3 ? fault.defaultTarget : pick(draw, targets[fault.group]),
    at: `${whole}ms`,
    for: `${Math.round(forMs.min + draw() * (forMs.max - forMs.min))}ms`,
    ...drawParameters(draw, fault.parameters),
  }
}

interface Property {
  enum?: unknown[]
  type?: string
  minimum?: number
  exclusiveMinimum?: number
  maximum?: number
  default?: unknown
}

/** What has to be there, and now and then what may be. */
function drawParameters(draw: Draw, parameters: z.ZodObject): Record<string, unknown> {
  const { properties = {}, required = [] } = z.toJSONSchema(parameters, { io: 'input' })
  const drawn = Object.entries(properties)
    .filter(([name]) => required.includes(name) || draw() < 0.3)
    .map(([name, property]) => [name, drawValue(draw, property as Property)] as const)
  return Object.fromEntries(drawn.filter(([, value]) => value !== undefined))
}

function drawValue(draw: Draw, property: Property): unknown {
  if (property.enum) return pick(draw, property.enum)
  if (property.type === 'boolean') return draw() < 0.5
  if (property.type !== 'number' && property.type !== 'integer') return property.default
  const min = property.minimum ?? (property.exclusiveMinimum ?? 0) + 1
  const max = Math.min(property.maximum ?? Infinity, min + 200)
  return Math.round(min + draw() * (max - min))
}
