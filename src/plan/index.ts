import { randomInt } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { basename, extname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { UsageError } from '../lib/failure.ts'
import { listed, suggest } from '../lib/nearest.ts'
import type { TopologyKind } from '../locks/lock.ts'
import { check, refuse } from './problems.ts'
import type { Plan, Scenario } from './scenario.ts'
import { schedule } from './schedule.ts'
import { scenarioSchema } from './schema.ts'
import { refusePasswords } from './secrets.ts'
import { applySets } from './set.ts'
import { readSource, type Source } from './source.ts'
import { crossCheck } from './validate.ts'

/** A scenario as its file says it, and the source, so that what is wrong can be pointed at. */
export interface LoadedScenario {
  /** What the user called it: a name, or a file. */
  asked: string
  source: Source
  scenario: Scenario
}

/** What the command line chose. */
export interface Choices {
  /** Default: the scenario's own. */
  topology?: TopologyKind | undefined
  lock: { spec: string; name: string }
  /** Default: random, 32 bit. */
  seed?: number | undefined
  /** `path=value` each. */
  set?: readonly string[]
  runtime?: Plan['runtime']
  images?: Plan['images'] | undefined
  attach?: Plan['attach'] | undefined
  driver?: Plan['driver'] | undefined
  /** On top of the scenario's `lock.options`. */
  lockOptions?: Readonly<Record<string, unknown>>
}

/** The folder is the registry. */
export const scenariosFolder = fileURLToPath(new URL('../../scenarios', import.meta.url))

export function scenarioNames(): string[] {
  return readdirSync(scenariosFolder)
    .filter((file) => extname(file) === '.yaml')
    .map((file) => basename(file, '.yaml'))
    .sort()
}

/** A name of the registry, or a file. Throws UsageError: with the nearest name, or with file:line:column. */
export function loadScenario(nameOrFile: string, { cwd }: { cwd: string }): LoadedScenario {
  const file = find(nameOrFile, cwd)
  const fromHere = relative(cwd, file)
  const shown = fromHere.startsWith('..') ? (isAbsolute(nameOrFile) ? nameOrFile : file) : fromHere
  return parseScenario(readSource(file, shown), nameOrFile)
}

/** Throws UsageError, a line a problem. */
export function parseScenario(source: Source, asked = source.file): LoadedScenario {
  const { value, problems } = check(scenarioSchema, source.data)
  refuse(problems, source)
  return { asked, source, scenario: value! }
}

/** The frozen plan of one drill. Throws UsageError for all that can be known to be wrong before anything starts. */
export function makePlan(loaded: LoadedScenario, choices: Choices): Plan {
  const { source, scenario: written } = parseScenario(applySets(loaded.source, choices.set ?? []))
  const scenario = onTopology(written, choices.topology)
  const seed = choices.seed ?? randomInt(2 ** 32)
  const faults = schedule(scenario, seed)
  refuse(crossCheck(scenario, faults), source)
  const { ttlMs, waitMs } = scenario.lock
  const options = { ...scenario.lock.options, ...choices.lockOptions }
  refusePasswords(options)
  return deepFreeze(
    structuredClone({
      ...scenario,
      asked: { scenario: loaded.asked, set: choices.set ?? [], lockOptions: choices.lockOptions ?? {} },
      runtime: choices.runtime ?? 'process',
      ...(choices.attach && Object.keys(choices.attach).length > 0 && { attach: choices.attach }),
      ...(choices.images && Object.keys(choices.images).length > 0 && { images: choices.images }),
      driver: choices.driver ?? { name: 'builtin' },
      seed,
      lock: { ...choices.lock, ttlMs, waitMs, options },
      faults,
    }),
  )
}

/** Where a scenario makes sense; the first is its default. */
export function topologiesOf({ topology, topologies = [] }: Scenario): TopologyKind[] {
  return [...new Set([topology.kind, ...topologies])]
}

function onTopology(scenario: Scenario, kind: TopologyKind = scenario.topology.kind): Scenario {
  const possible = topologiesOf(scenario)
  if (!possible.includes(kind))
    throw new UsageError(
      `the scenario ${scenario.name} is made for ${listed(possible)}, not for ${kind} (its \`topologies\` says so)`,
    )
  return { ...scenario, topology: { ...scenario.topology, kind } }
}

function find(nameOrFile: string, cwd: string): string {
  if (/\.ya?ml$/.test(nameOrFile) || nameOrFile.includes('/') || nameOrFile.includes(sep))
    return resolve(cwd, nameOrFile)
  const names = scenarioNames()
  if (names.includes(nameOrFile)) return join(scenariosFolder, `${nameOrFile}.yaml`)
  const beside = existsSync(resolve(cwd, nameOrFile)) ? `; a file is given by its path, ./${nameOrFile}` : ''
  throw new UsageError(`there is no scenario ${nameOrFile}; ${suggest(nameOrFile, names)}${beside}`)
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) deepFreeze(inner)
    Object.freeze(value)
  }
  return value
}
