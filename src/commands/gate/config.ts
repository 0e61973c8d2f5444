import { dirname, isAbsolute, relative, resolve } from 'node:path'
import { chooseDrills, type Drill } from '../drills.ts'
import { parse } from 'yaml'
import type { Side } from '../../duel/plan.ts'
import { UsageError } from '../../lib/failure.ts'
import { listed } from '../../lib/nearest.ts'
import { inspectLock, resolveLock } from '../../locks/index.ts'
import type { TopologyKind } from '../../locks/lock.ts'
import { loadScenario, scenariosFolder, topologiesOf } from '../../plan/index.ts'
import { metricNamed } from '../../plan/metrics.ts'
import { check, refuse, type Problem } from '../../plan/problems.ts'
import { readSource, type Path, type Source } from '../../plan/source.ts'
import { parseThreshold } from '../../plan/thresholds.ts'
import type { LockDescription } from '../../server/messages.ts'
import { gateSchema, type GateConfig, type GateDrill } from './schema.ts'

export interface LoadedGate {
  source: Source
  config: GateConfig
  /** The folder that its paths start from. */
  folder: string
  cwd: string
  lock: Side & LockDescription
}

export const quickDefault = ['oversell', 'lost-reply']
/** Each where the lock is made for one of its topologies. */
const fullNames = [
  'oversell',
  'double-click',
  'slow-network',
  'lost-reply',
  'client-kill',
  'gc-pause',
  'primary-kill',
  'quorum-node-down',
]

/** The drills of a gate that names none, and where each can run. */
export const fullDefault = () =>
  fullNames.map((name) => {
    const { scenario } = loadScenario(name, { cwd: scenariosFolder })
    return { scenario: name, topologies: topologiesOf(scenario) }
  })

const aGate = { name: 'gate', startsWith: 'lock', where: '; picklock init writes one' }

/** Reads and checks picklock.yaml and the lock that it names. Throws UsageError with file:line:column, a line a problem. */
export async function loadGate(file: string, cwd: string): Promise<LoadedGate> {
  const source = readSource(resolve(cwd, file), file, aGate)
  const { value, problems } = check(gateSchema, source.data, [], 'the gate')
  refuse(problems, source)
  const config = value!
  refuse([...budgetProblems(config), ...baselineProblems(config)], source)
  const folder = dirname(resolve(cwd, file))
  const lock = await placed(source, ['lock', 'use'], () => inspectSide(config.lock.use, { folder, cwd }))
  return { source, config, folder, cwd, lock: { ...lock, options: config.lock.options } }
}

/** The drills that the gate runs, each with its control. Throws UsageError. */
export async function gateDrills(
  gate: LoadedGate,
  { quick, seed }: { quick: boolean; seed: number },
): Promise<Drill[]> {
  const { config, lock, cwd } = gate
  const key = quick ? 'quick' : 'scenarios'
  const written = config[key]
  const entries = written ?? (quick ? quickDefault : fullNames).map(named)
  const chosen: Drill[] = []
  for (const [index, entry] of entries.entries()) {
    const path = written ? [key, index] : []
    const scenario = entry.scenario.includes('/') ? fromHere(entry.scenario, gate) : entry.scenario
    const topologies = topologiesFor(gate, { ...entry, scenario }, [...path])
    if (topologies.length === 0 && !written) continue
    const set = setsOf(entry, scenario, config, cwd)
    const drills = await placed(
      gate.source,
      path,
      () =>
        chooseDrills({
          scenarios: [scenario],
          topologies,
          locks: [lock.spec],
          seed,
          repeat: 1,
          set: set.map(({ assignment }) => assignment),
          lockOptions: lock.options,
          runtime: 'process',
          withControl: true,
          unfit: undefined,
          cwd,
        }),
      set,
    )
    chosen.push(...drills)
  }
  return chosen
}

const named = (scenario: string): GateDrill => ({ scenario, set: {} })

/** The lock by its name, as the command line would have it, and what it says of itself. Throws UsageError. */
export async function inspectSide(
  use: string,
  { folder, cwd }: { folder: string; cwd: string },
): Promise<Omit<Side, 'options'> & LockDescription> {
  const spec = resolveLock(use, folder).kind === 'file' ? fromHere(use, { folder, cwd }) : use
  return { ...(await inspectLock(spec, cwd)), spec, name: resolveLock(spec, cwd).name }
}

/** A path of the file as the command line would have it. */
function fromHere(path: string, { folder, cwd }: { folder: string; cwd: string }): string {
  if (isAbsolute(path)) return path
  const here = relative(cwd, resolve(folder, path))
  return here.startsWith('.') ? here : `./${here}`
}

/** Those that the drill says, else those of the gate that the scenario is made for, else the first that scenario and lock agree on. */
function topologiesFor({ config, lock, source, cwd }: LoadedGate, drill: GateDrill, path: Path): TopologyKind[] {
  if (drill.topologies) return drill.topologies
  const { scenario } = placedNow(source, path, () => loadScenario(drill.scenario, { cwd }))
  const possible = topologiesOf(scenario)
  if (config.topologies) {
    const some = possible.filter((kind) => config.topologies!.includes(kind))
    if (some.length > 0 || path.length === 0) return some
    const message = `${scenario.name} is made for ${listed(possible)}, and ${possible.length === 1 ? 'that is not' : 'none of them is'} among \`topologies\``
    throw new UsageError(`${source.where(path)}: ${message}`)
  }
  const first = possible.find((kind) => lock.topologies.includes(kind))
  // On its own topology chooseDrills says why it does not go.
  return first ? [first] : path.length === 0 ? [] : possible.slice(0, 1)
}

/** Changes to a scenario, and which key of `set` each comes from; budgets are thresholds beside its own. */
interface Change {
  assignment: string
  at: Path
}

function setsOf(drill: GateDrill, scenario: string, { budgets }: GateConfig, cwd: string): Change[] {
  const changes = Object.entries(drill.set).map(([path, value]) => ({
    assignment: `${path}=${inYaml(value)}`,
    at: ['set', path],
  }))
  if (Object.keys(budgets).length === 0) return changes
  const { thresholds } = loadScenario(scenario, { cwd }).scenario
  const budgeted = Object.entries(budgets).map(([metric, expressions]) => ({
    assignment: `thresholds.${metric}=${JSON.stringify([...(thresholds[metric] ?? []), ...expressions].map(short))}`,
    at: ['budgets', metric],
  }))
  return [...changes, ...budgeted]
}

/** A text stands as it is where it reads as itself. */
const inYaml = (value: unknown) => (typeof value === 'string' && parse(value) === value ? value : JSON.stringify(value))

const short = (threshold: GateConfig['budgets'][string][number]) =>
  typeof threshold === 'string' || threshold.abortOnFail ? threshold : threshold.threshold

function budgetProblems({ budgets }: GateConfig): Problem[] {
  return Object.entries(budgets).flatMap(([metric, expressions]) =>
    expressions.flatMap((expression, index): Problem[] => {
      try {
        const { name, kind } = parseThreshold(metric, expression)
        if (kind !== 'safety') return []
        const message = `${name} is about safety, where one violation is a violation; budgets are for latency and service (a scenario of your own may allow some, in the open)`
        return [{ path: ['budgets', metric], message, atKey: true }]
      } catch (error) {
        if (!(error instanceof UsageError)) throw error
        const unknown = metricNamed(metric.replace(/\{.*/s, '').trim()) === undefined
        return [
          { path: unknown ? ['budgets', metric] : ['budgets', metric, index], message: error.message, atKey: unknown },
        ]
      }
    }),
  )
}

function baselineProblems({ baseline }: GateConfig): Problem[] {
  if (baseline === undefined) return []
  const { use, ref } = baseline
  if (use === undefined && ref === undefined)
    return [{ path: ['baseline'], message: '`baseline` names nothing; it needs `ref` (a branch) or `use` (a lock)' }]
  if (use !== undefined && ref !== undefined)
    return [
      { path: ['baseline', 'ref'], message: '`baseline` has `ref` and `use`; it is one or the other', atKey: true },
    ]
  return []
}

/** Runs it, and gives what is the user's mistake its place in the file, unless it has one in another file. */
export async function placed<T>(
  source: Source,
  path: Path,
  run: () => Promise<T>,
  changes: readonly Change[] = [],
): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw place(error, source, path, changes)
  }
}

function placedNow<T>(source: Source, path: Path, run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw place(error, source, path, [])
  }
}

function place(error: unknown, source: Source, path: Path, changes: readonly Change[]): unknown {
  if (!(error instanceof UsageError)) return error
  const lines = error.message.split('\n').map((line) => {
    const change = changes.find(({ assignment }) => line.startsWith(`--set ${assignment}: `))
    if (change) {
      const whole = change.at[0] === 'budgets' ? change.at : [...path, ...change.at]
      return `${source.where(whole)}: ${line.slice(`--set ${change.assignment}: `.length)}`
    }
    // Where a lock or a scenario is wrong inside, it has said where.
    return /^\S+:\d+:\d+: /.test(line) ? line : `${source.where(path)}: ${line}`
  })
  return new UsageError(lines.join('\n'), { cause: error })
}
