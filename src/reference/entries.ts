import { z } from 'zod'
import { checks } from '../audit/checks/index.ts'
import type { Check } from '../audit/checks/check.ts'
import { checkers } from '../checkers/index.ts'
import type { Checker } from '../checkers/checker.ts'
import { exitCodes } from '../exit-codes.ts'
import { faults } from '../faults/index.ts'
import type { Fault } from '../faults/fault.ts'
import type { CounterMeasure } from '../incident/counter-measures/counter-measure.ts'
import { counterMeasures } from '../incident/counter-measures/index.ts'
import { loadDrivers } from '../load/index.ts'
import type { LoadDriver } from '../load/load.ts'
import { broken } from '../locks/broken/index.ts'
import { locks } from '../locks/index.ts'
import type { BrokenLock, SoundLock } from '../locks/registry.ts'
import { sound } from '../locks/sound/index.ts'
import { loadScenario, scenarioNames, scenariosFolder, topologiesOf } from '../plan/index.ts'
import { metrics, type Metric } from '../plan/metrics.ts'
import { reporters } from '../reporters/index.ts'
import type { Reporter } from '../reporters/reporter.ts'
import { patterns } from '../monitor/patterns/index.ts'
import type { Pattern } from '../monitor/patterns/pattern.ts'
import { topologies } from '../topologies/index.ts'
import { workloads } from '../workloads/index.ts'
import { blames, verdicts } from './words.ts'

/** One thing that can be asked about. Text is plain, or Markdown as in the docs of the registries. */
export interface Entry {
  kind: Kind
  name: string
  title: string
  /** Paragraphs. */
  text: readonly string[]
  /** Name and value each: what it acts on, its parameters. */
  facts: readonly (readonly [name: string, value: string])[]
  /** Of faults and workloads: what may be written beside them. */
  parameters: readonly Parameter[]
}

export interface Parameter {
  name: string
  type: string
  /** Undefined where it must be given. */
  default: string | undefined
}

export const kinds = [
  'verdict',
  'exit code',
  'metric',
  'blame',
  'checker',
  'scenario',
  'fault',
  'topology',
  'workload',
  'load',
  'lock',
  'counter-measure',
  'format',
  'audit check',
  'lock pattern',
] as const
export type Kind = (typeof kinds)[number]

/** Everything that has a name, from the registries that run. */
export function entries(): Entry[] {
  const entry = (kind: Kind, name: string, title: string, more: Partial<Entry> = {}): Entry => {
    return { kind, name, title, text: [], facts: [], parameters: [], ...more }
  }
  const all = <T>(registry: Record<string, T>) => Object.entries(registry)
  return [
    ...verdicts.map(({ name, title, docs }) => entry('verdict', name, title, { text: [docs] })),
    ...exitCodes.map(({ code, title, docs }) => entry('exit code', String(code), title, { text: [docs] })),
    ...all<Metric>(metrics).map(([name, { kind, unit, docs, aggregations, tags = {} }]) => {
      const counter = all<Checker>(checkers).find(([, each]) => each.metrics.includes(name))?.[1].name
      return entry('metric', name, docs, {
        facts: [
          ['kind', kind],
          ['unit', unit],
          ['thresholds on', aggregations.map((word) => (word === 'p' ? 'p(N)' : word)).join(', ')],
          ...all(tags).map(([tag, values]) => [`tag ${tag}`, values.join(', ')] as const),
          ...(counter === undefined ? [] : [['counted by', counter] as const]),
          ...(kind === 'safety' ? [['default', 'count==0'] as const] : []),
        ],
      })
    }),
    ...blames.map(({ name, title, docs }) => entry('blame', name, title, { text: [docs] })),
    ...all<Checker>(checkers).map(([, { name, title, metrics: counted }]) =>
      entry('checker', name, title, { facts: [['counts', counted.join(', ')]] }),
    ),
    ...scenarioNames().map((name) => {
      const { scenario } = loadScenario(name, { cwd: scenariosFolder })
      const planned = scenario.faults.map(({ fault, target }) => [fault, target].filter(Boolean).join(' '))
      return entry('scenario', name, scenario.title, {
        text: scenario.story
          .trim()
          .split(/\n\s*\n/)
          .map((paragraph) => paragraph.replaceAll(/\s+/g, ' ').trim())
          .filter(Boolean),
        facts: [
          ['topologies', topologiesOf(scenario).join(', ')],
          ['workload', scenario.workload.kind],
          ...(planned.length > 0 ? [['faults', planned.join('; ')] as const] : []),
          ['control', scenario.control],
        ],
      })
    }),
    ...all(faults as Record<string, Fault>).map(([name, { title, docs, group, defaultTarget, parameters }]) =>
      entry('fault', name, title, {
        text: [docs.replaceAll(/\s*\n\s*/g, ' ')],
        facts: [
          ['acts on', group],
          ['target, where none is named', defaultTarget],
        ],
        parameters: parametersOf(parameters),
      }),
    ),
    ...all(topologies).map(([name, { title }]) => entry('topology', name, title)),
    ...all(workloads).map(([name, { title, options, ledger }]) =>
      entry('workload', name, title, {
        facts: [['ledger', ledger ? 'yes' : 'none']],
        parameters: parametersOf(options),
      }),
    ),
    ...all<LoadDriver>(loadDrivers).map(([name, { title, docs }]) => entry('load', name, title, { text: [docs] })),
    ...all(locks).map(([name, { title }]) => entry('lock', name, title, { facts: lockFacts(name) })),
    ...all<CounterMeasure>(counterMeasures).map(([name, { title, change, action }]) =>
      entry('counter-measure', name, title.en, { text: [change.en, action.en] }),
    ),
    ...all<Reporter>(reporters).map(([name, { title, file, onDemand }]) =>
      entry('format', name, title, {
        facts: [
          ['file', file],
          ['written by', onDemand ? 'picklock report' : 'every drill, and picklock report'],
        ],
      }),
    ),
    ...all<Pattern>(patterns).map(([name, { title, docs }]) => entry('lock pattern', name, title, { text: [docs] })),
    ...all<Check>(checks).map(([name, { title, docs }]) => entry('audit check', name, title, { text: [docs] })),
  ]
}

function lockFacts(name: string): Entry['facts'] {
  const wrong = (broken as Record<string, BrokenLock>)[name]
  const right = (sound as Record<string, SoundLock>)[name]
  if (wrong) {
    const { scenario, topology, metric } = wrong.caughtBy
    return [
      ['is', 'broken on purpose, in this one way'],
      ['caught by', [scenario, topology && `on ${topology}`, `(${metric})`].filter(Boolean).join(' ')],
    ]
  }
  return right
    ? [
        ['is', 'right'],
        ['survives', right.survives.join(', ')],
      ]
    : []
}

/** By the JSON Schema of what a scenario file may say. */
function parametersOf(schema: z.ZodType): Parameter[] {
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input' }) as {
    properties?: Record<string, JsonType>
    required?: string[]
  }
  return Object.entries(properties).map(([name, type]) => ({
    name,
    type: typeText(type),
    default: type.default !== undefined ? JSON.stringify(type.default) : required.includes(name) ? undefined : 'none',
  }))
}

interface JsonType {
  type?: string
  default?: unknown
  enum?: unknown[]
  const?: unknown
  anyOf?: JsonType[]
  oneOf?: JsonType[]
  items?: JsonType
  properties?: Record<string, JsonType>
  minimum?: number
  maximum?: number
  exclusiveMinimum?: number
}

function typeText(type: JsonType): string {
  if (type.const !== undefined) return JSON.stringify(type.const)
  if (type.enum) return type.enum.map((value) => JSON.stringify(value)).join(' or ')
  const either = type.anyOf ?? type.oneOf
  if (either) return either.map(typeText).join(' or ')
  if (type.properties)
    return `{ ${Object.entries(type.properties)
      .map(([name, each]) => `${name}: ${typeText(each)}`)
      .join(', ')} }`
  if (type.type === 'array') return `list of ${type.items ? typeText(type.items) : 'anything'}`
  if (type.type !== 'integer' && type.type !== 'number') return type.type ?? 'anything'
  const from = type.exclusiveMinimum !== undefined ? `above ${type.exclusiveMinimum}` : bound('from', type.minimum)
  const words = [type.type === 'integer' ? 'whole number' : 'number', from, bound('to', type.maximum)]
  return words.filter(Boolean).join(' ')
}

const bound = (word: string, value: number | undefined) =>
  value === undefined || Math.abs(value) >= Number.MAX_SAFE_INTEGER ? '' : `${word} ${value}`
