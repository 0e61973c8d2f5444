import { join, relative } from 'node:path'
import { UsageError } from '../../lib/failure.ts'
import { suggest } from '../../lib/nearest.ts'
import type { CounterMeasure } from '../../incident/counter-measures/counter-measure.ts'
import { counterMeasures } from '../../incident/counter-measures/index.ts'
import type { Facts } from '../../incident/facts.ts'
import { originOf, replayOf, type Replay } from '../../incident/scenario.ts'
import type { IncidentRecord } from '../../incident/record.ts'
import { loadScenario, type LoadedScenario } from '../../plan/index.ts'
import type { Plan, WrittenScenario } from '../../plan/scenario.ts'
import { planOf, type Variant } from '../../variants/variant.ts'
import { parseNames } from '../selection.ts'
import type { Gathered } from './gather.ts'

export type MeasureName = IncidentRecord['measures'][number]['name']

/** A drill to run for an incident: what it is for, and where its scenario lies in the incident's folder. */
export interface IncidentDrill {
  plan: Plan
  of: 'incident' | { measure: MeasureName; side: 'before' | 'after' }
  /** Undefined: a scenario of Picklock's. */
  file: { path: string; scenario: WrittenScenario } | undefined
}

/** `ttl-limit,redlock`; undefined: all that fit. Throws UsageError. */
export function parseMeasures(text: string | undefined): MeasureName[] {
  const known = Object.keys(counterMeasures) as MeasureName[]
  if (text === undefined) return known
  const asked = parseNames(text, '--variants')
  for (const name of asked)
    if (!known.includes(name as MeasureName))
      throw new UsageError(`there is no counter-measure ${name}; ${suggest(name, known)}`)
  return known.filter((name) => asked.includes(name))
}

/** The incident's drill, then those of the counter-measures that fit it. `leftOut` hears of those that do not. Throws UsageError for the incident's. */
export async function planIncident(
  gathered: Gathered,
  {
    folder,
    names,
    seed,
    cwd,
    leftOut,
  }: {
    folder: string
    names: readonly MeasureName[]
    seed: number
    cwd: string
    leftOut: (why: string) => void
  },
): Promise<{ facts: Facts; replay: Replay; drills: IncidentDrill[] }> {
  const { where } = gathered
  const base = gathered.facts.from === undefined ? undefined : loadScenario(gathered.facts.from, { cwd })
  const facts = withBase(gathered.facts, base)
  const replay = replayOf(facts, base)
  const at = (name: string) => join(relative(cwd, folder) || '.', name)
  const drilled = async (variant: Variant, name: string, of: IncidentDrill['of'], origin?: typeof where) => {
    const path = join(folder, name)
    const plan = await planOf(variant, {
      file: variant.registered ?? shown(at(name)),
      ...(origin && { where: origin }),
      seed,
      cwd,
    })
    return { plan, of, file: variant.registered === undefined ? { path, scenario: variant.scenario } : undefined }
  }
  const drills: IncidentDrill[] = [
    await drilled(replay, 'scenario.yaml', 'incident', (path, options) => where([originOf(path)], options)),
  ]
  const registered = (name: string) => loadScenario(name, { cwd }).source.data as WrittenScenario
  for (const name of names) {
    const measure: CounterMeasure = counterMeasures[name]
    const runs = measure.runs({ facts, drill: replay, registered })
    if (runs === undefined) continue
    try {
      const sides = (['before', 'after'] as const).filter((side) => runs[side] !== undefined)
      const planned: IncidentDrill[] = []
      for (const side of sides)
        planned.push(await drilled(runs[side]!, join('variants', `${name}.yaml`), { measure: name, side }))
      drills.push(...planned)
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
      leftOut(`${name}: ${error.message}`)
    }
  }
  return { facts, replay, drills }
}

/** What the scenario itself tells of the day. */
function withBase(facts: Facts, base: LoadedScenario | undefined): Facts {
  if (base === undefined) return facts
  const { title, recorded } = base.scenario
  return {
    ...facts,
    title: facts.title ?? title,
    ...((facts.recorded ?? recorded) ? { recorded: facts.recorded ?? recorded } : {}),
  }
}

/** A file beside us is given by its path: `./x.yaml` is no name of a scenario. */
const shown = (path: string) => (path.startsWith('.') || path.startsWith('/') ? path : `./${path}`)
