import { UsageError } from '../../lib/failure.ts'
import { suggest } from '../../lib/nearest.ts'
import { broken } from '../../locks/broken/index.ts'
import { inspectLock } from '../../locks/index.ts'
import type { TopologyKind } from '../../locks/lock.ts'
import type { BrokenLock, SoundLock } from '../../locks/registry.ts'
import { sound } from '../../locks/sound/index.ts'
import {
  loadScenario,
  makePlan,
  scenarioNames,
  scenariosFolder,
  topologiesOf,
  type LoadedScenario,
} from '../../plan/index.ts'
import type { Plan } from '../../plan/scenario.ts'
import { seedsFrom, whyUnfit } from '../drills.ts'
import type { Outcome } from './outcome.ts'

/** One drill of the selftest, and what the corpus says about how it has to end. */
export interface Case {
  plan: Plan
  kind: Outcome['kind']
  claimed: boolean
  /** Broken: what the corpus says it is caught by. */
  metric: string | undefined
}

/** A lock of the corpus in a scenario. */
interface Pairing extends Omit<Case, 'plan'> {
  lock: string
  scenario: string
  topology: TopologyKind
}

export interface Selection {
  /** Names of the corpus; none: all. */
  locks: readonly string[]
  /** Only these; none: all. */
  scenarios: readonly string[]
  /** Each lock in all scenarios of its topologies, once each, and not only where the corpus says something about it. */
  everywhere: boolean
  seed: number
  repeat: number
}

/**
 * The drills of a selftest. A broken lock is run in the scenario that it names; a sound one in all that it claims to survive, on every topology that
 * is both the scenario's and its own. Throws UsageError, also where the corpus and the scenarios do not fit together.
 */
export async function chooseCases({ locks, scenarios, everywhere, seed, repeat }: Selection): Promise<Case[]> {
  const names = [...Object.keys(sound), ...Object.keys(broken)]
  for (const name of locks)
    if (!names.includes(name)) throw new UsageError(`the corpus has no lock ${name}; ${suggest(name, names)}`)
  const known = scenarioNames()
  for (const name of scenarios)
    if (!known.includes(name)) throw new UsageError(`there is no scenario ${name}; ${suggest(name, known)}`)
  const chosen = locks.length > 0 ? names.filter((name) => locks.includes(name)) : names

  const cases: Case[] = []
  for (const lock of chosen) {
    const description = await inspectLock(lock, scenariosFolder)
    const fits = (scenario: string, kind: TopologyKind) => {
      const { name, topology, workload } = loaded(scenario).scenario
      return whyUnfit({ name, topology: { ...topology, kind }, workload }, description) === undefined
    }
    const pairings = claimsOf(lock, fits)
    if (everywhere) pairings.push(...elsewhere(lock, pairings, fits))
    for (const { kind, claimed, metric, ...pairing } of pairings)
      if (scenarios.length === 0 || scenarios.includes(pairing.scenario))
        for (const each of seedsFrom(seed, repeat)) cases.push({ plan: planFor(pairing, each), kind, claimed, metric })
  }
  if (cases.length === 0)
    throw new UsageError(
      `the corpus says nothing about ${locks.join(', ')} in ${scenarios.join(', ')}; --everywhere runs them all the same`,
    )
  return cases
}

type Fits = (scenario: string, topology: TopologyKind) => boolean

function claimsOf(lock: string, fits: Fits): Pairing[] {
  if (Object.hasOwn(broken, lock)) {
    const { scenario, topology, metric } = (broken as Record<string, BrokenLock>)[lock]!.caughtBy
    const kinds = topologiesOf(loaded(scenario).scenario)
    const chosen = topology ?? kinds[0]!
    // A corpus that does not fit its scenarios is our own mistake, and must not look like a lock that was caught.
    if (!fits(scenario, chosen)) throw new Error(`${lock} names ${scenario} on ${chosen}, which it is not made for`)
    return [{ lock, scenario, topology: chosen, kind: 'broken', claimed: true, metric }]
  }
  const { survives } = (sound as Record<string, SoundLock>)[lock]!
  return survives.flatMap((scenario) =>
    topologiesOf(loaded(scenario).scenario)
      .filter((topology) => fits(scenario, topology))
      .map((topology) => ({ lock, scenario, topology, kind: 'sound', claimed: true, metric: undefined })),
  )
}

/** The scenarios about which the corpus says nothing, each on the first of its topologies that the lock is made for. */
function elsewhere(lock: string, claims: readonly Pairing[], fits: Fits): Pairing[] {
  const kind = Object.hasOwn(broken, lock) ? 'broken' : 'sound'
  return scenarioNames()
    .filter((scenario) => !claims.some((claim) => claim.scenario === scenario))
    .flatMap((scenario) => {
      const topology = topologiesOf(loaded(scenario).scenario).find((each) => fits(scenario, each))
      return topology ? [{ lock, scenario, topology, kind, claimed: false, metric: undefined }] : []
    })
}

const files = new Map<string, LoadedScenario>()

/** Read once, for some dozens of locks. */
function loaded(scenario: string): LoadedScenario {
  const known = files.get(scenario) ?? loadScenario(scenario, { cwd: scenariosFolder })
  files.set(scenario, known)
  return known
}

function planFor({ lock, scenario, topology }: Pick<Pairing, 'lock' | 'scenario' | 'topology'>, seed: number): Plan {
  return makePlan(loaded(scenario), {
    topology,
    lock: { spec: lock, name: lock },
    seed,
  })
}
