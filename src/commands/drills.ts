import { randomInt } from 'node:crypto'
import { UsageError } from '../lib/failure.ts'
import { random } from '../lib/random.ts'
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
  /** How often each drill is run: first with the seed itself, then with seeds derived from it. */
  repeat: number
  set: readonly string[]
  lockOptions: Readonly<Record<string, unknown>>
  runtime: Plan['runtime']
  images?: Plan['images']
  attach?: Plan['attach']
  /** Default: builtin. */
  driver?: Plan['driver']
  withControl: boolean
  /** Hears of each drill that its lock is not made for, which is then left out; undefined: that is an error. */
  unfit: ((why: string) => void) | undefined
  cwd: string
}

/** A drill to run, and the plan of its control: the same but for the lock. */
export interface Drill {
  plan: Plan
  control: Plan | undefined
}

/** The seed itself, then what follows from it: a run that is repeated can be repeated. */
export function seedsFrom(seed: number, count: number): number[] {
  const draw = random(seed, 'repeat')
  return Array.from({ length: count }, (_, index) => (index === 0 ? seed : Math.floor(draw() * 2 ** 32)))
}

/**
 * Every drill of a run, checked as far as can be without starting anything. One seed for all of them, drawn where none was given; with
 * `repeat` each drill stands there once for each of its seeds, one behind the other. Throws UsageError.
 */
export async function chooseDrills(request: Request): Promise<Drill[]> {
  if (request.scenarios.length === 0)
    throw new UsageError(`name a scenario, or --all: there is ${listed(scenarioNames())}`)
  const seeds = seedsFrom(request.seed ?? randomInt(2 ** 32), request.repeat)
  const loaded = request.scenarios.map((name) => loadScenario(name, request))
  const inspect = inspector(request.cwd)
  const drills: Drill[] = []
  for (const scenario of loaded) {
    for (const topology of topologiesFor(request.topologies, topologiesOf(scenario.scenario))) {
      for (const spec of request.locks) {
        const plan = (lock: string, seed: number, own: boolean) =>
          makePlan(scenario, {
            topology,
            lock: { spec: lock, name: resolveLock(lock, request.cwd).name },
            seed,
            set: request.set,
            runtime: request.runtime,
            images: request.images,
            attach: request.attach,
            driver: request.driver,
            // What the user tells the lock under test is not meant for the control.
            ...(own && { lockOptions: request.lockOptions }),
          })
        const description = await inspect(spec)
        for (const seed of seeds) {
          const chosen = plan(spec, seed, true)
          const misfit = whyUnfit(chosen, description)
          if (misfit !== undefined) {
            if (!request.unfit) throw misfit
            request.unfit(misfit.message)
            break
          }
          const control = request.withControl && chosen.control !== spec ? plan(chosen.control, seed, false) : undefined
          if (control) checkLock(control, await inspect(control.lock.spec))
          drills.push({ plan: chosen, control })
        }
      }
    }
  }
  return drills
}

/** Undefined where the lock is made for this drill. */
export function whyUnfit(plan: Parameters<typeof checkLock>[0], lock: LockDescription): UsageError | undefined {
  try {
    checkLock(plan, lock)
    return undefined
  } catch (error) {
    if (error instanceof UsageError) return error
    throw error
  }
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
