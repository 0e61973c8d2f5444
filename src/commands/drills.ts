import { randomInt } from 'node:crypto'
import { UsageError } from '../lib/failure.ts'
import { listed } from '../lib/nearest.ts'
import { inspectLock, resolveLock } from '../locks/index.ts'
import type { TopologyKind } from '../locks/lock.ts'
import { loadScenario, makePlan, scenarioNames, topologiesOf } from '../plan/index.ts'
import type { Plan } from '../plan/scenario.ts'
import { checkLock } from '../plan/validate.ts'
import type { LockDescription } from '../server/messages.ts'

/** What `picklock run` was asked for, apart from where its output goes. */
export interface Request {
  scenarios: readonly string[]
  topologies: readonly TopologyKind[] | 'all' | undefined
  locks: readonly string[]
  seed: number | undefined
  set: readonly string[]
  lockOptions: Readonly<Record<string, unknown>>
  runtime: Plan['runtime']
  withControl: boolean
  cwd: string
}

/** A drill to run, and the plan of its control: the same but for the lock. */
export interface Drill {
  plan: Plan
  control: Plan | undefined
}

/**
 * Every drill of a run, checked as far as can be without starting anything. One seed for all of them, drawn where none was given.
 * Throws UsageError.
 */
export async function chooseDrills(request: Request): Promise<Drill[]> {
  if (request.scenarios.length === 0)
    throw new UsageError(`name a scenario, or --all: there is ${listed(scenarioNames())}`)
  const seed = request.seed ?? randomInt(2 ** 32)
  const loaded = request.scenarios.map((name) => loadScenario(name, request))
  const inspect = inspector(request.cwd)
  const drills: Drill[] = []
  for (const scenario of loaded) {
    for (const topology of topologiesFor(request.topologies, topologiesOf(scenario.scenario))) {
      for (const spec of request.locks) {
        const plan = (lock: string, own: boolean) =>
          makePlan(scenario, {
            topology,
            lock: { spec: lock, name: resolveLock(lock, request.cwd).name },
            seed,
            set: request.set,
            runtime: request.runtime,
            // What the user tells the lock under test is not meant for the control.
            ...(own && { lockOptions: request.lockOptions }),
          })
        const chosen = plan(spec, true)
        checkLock(chosen, await inspect(spec))
        const control = request.withControl && chosen.control !== spec ? plan(chosen.control, false) : undefined
        if (control) checkLock(control, await inspect(control.lock.spec))
        drills.push({ plan: chosen, control })
      }
    }
  }
  return drills
}

function topologiesFor(asked: Request['topologies'], possible: readonly TopologyKind[]): readonly TopologyKind[] {
  if (asked === 'all') return possible
  return asked ?? possible.slice(0, 1)
}

/** A lock is loaded once, however many drills it is in. */
function inspector(cwd: string): (spec: string) => Promise<LockDescription> {
  const known = new Map<string, Promise<LockDescription>>()
  return (spec) => {
    const description = known.get(spec) ?? inspectLock(spec, cwd)
    known.set(spec, description)
    return description
  }
}
