import { faults, type FaultName } from '../faults/index.ts'
import { UsageError } from '../lib/failure.ts'
import { suggest } from '../lib/nearest.ts'
import { loadDurationMs } from '../load/duration.ts'
import { checkTopology } from '../locks/describe.ts'
import { locks } from '../locks/index.ts'
import type { LockDescription } from '../server/messages.ts'
import { topologies } from '../topologies/index.ts'
import { contradictions } from './contradictions.ts'
import { pathText, type Problem } from './problems.ts'
import type { Plan, PlannedFault, Scenario } from './scenario.ts'
import { isBlock } from './shape.ts'
import type { Path } from './source.ts'
import { checkTarget, type Names } from './targets.ts'
import { parseThreshold } from './thresholds.ts'

/** What can only be seen across a scenario's parts, before anything expensive starts. `planned` is its schedule. */
export function crossCheck(scenario: Scenario, planned: readonly PlannedFault[]): Problem[] {
  return [
    ...checkNumbers(scenario),
    ...checkControl(scenario),
    ...checkThresholds(scenario),
    ...checkVus(scenario),
    ...ranges(scenario.workload, ['workload']),
    ...checkRate(scenario),
    ...checkFaults(scenario, planned),
  ]
}

/** Whether a lock fits a drill. Throws UsageError. */
export function checkLock(scenario: Pick<Plan, 'name' | 'topology' | 'workload'>, lock: LockDescription): void {
  checkTopology(lock, scenario.topology.kind)
  if (scenario.workload['guard'] === 'fenced' && lock.capabilities.fencing !== true)
    throw new UsageError(
      `the lock ${lock.name} gives no fences (capabilities.fencing), which ${scenario.name} with guard: fenced needs`,
    )
}

function checkNumbers({ topology, topologies: allowed }: Scenario): Problem[] {
  const problems: Problem[] = []
  if (topology.kind === 'sentinel' && topology.quorum > topology.sentinels)
    problems.push({
      path: ['topology', 'quorum'],
      message: `\`topology.quorum\` is ${topology.quorum}, more than the ${topology.sentinels} sentinels that there are`,
    })
  if (allowed && !allowed.includes(topology.kind))
    problems.push({
      path: ['topologies'],
      message: `\`topologies\` does not name ${topology.kind}, the topology that the scenario runs on`,
    })
  return problems
}

function checkControl({ control }: Scenario): Problem[] {
  if (Object.hasOwn(locks, control)) return []
  return [
    {
      path: ['control'],
      message: `\`control\` is "${control}", which is no lock of Picklock's; ${suggest(control, Object.keys(locks))}`,
    },
  ]
}

function checkThresholds({ thresholds }: Scenario): Problem[] {
  return Object.entries(thresholds).flatMap(([metric, expressions]) =>
    expressions.flatMap((expression, index) => {
      try {
        parseThreshold(metric, expression)
        return []
      } catch (error) {
        if (!(error instanceof UsageError)) throw error
        return [{ path: ['thresholds', metric, index], message: error.message }]
      }
    }),
  )
}

function checkVus({ load }: Scenario): Problem[] {
  if (!('maxVUs' in load) || load.preAllocatedVUs <= load.maxVUs) return []
  return [
    {
      path: ['load', 'preAllocatedVUs'],
      message: `\`load.preAllocatedVUs\` is ${load.preAllocatedVUs}, more than \`load.maxVUs\`, which is ${load.maxVUs}`,
    },
  ]
}

/** Arrivals a second that can be begun at all. */
const rateMax = 100_000

function checkRate({ load }: Scenario): Problem[] {
  if (!('timeUnit' in load)) return []
  const { timeUnit } = load
  if (timeUnit === 0) return [{ path: ['load', 'timeUnit'], message: '`load.timeUnit` is 0; it must be more' }]
  const rates: [Path, number][] =
    load.executor === 'constant-arrival-rate'
      ? [[['load', 'rate'], load.rate]]
      : [
          [['load', 'startRate'], load.startRate],
          ...load.stages.map(({ target }, index): [Path, number] => [['load', 'stages', index, 'target'], target]),
        ]
  return rates.flatMap(([path, rate]) => {
    const perSecond = (rate * 1000) / timeUnit
    if (perSecond <= rateMax) return []
    return [{ path, message: `\`${pathText(path)}\` comes to ${perSecond} a second; it must be at most ${rateMax}` }]
  })
}

/** Every `{ min, max }` below a block. */
function ranges(data: unknown, path: Path): Problem[] {
  if (!isBlock(data)) return []
  const { min, max } = data
  if (typeof min === 'number' && typeof max === 'number' && min > max)
    return [
      { path: [...path, 'min'], message: `\`${pathText(path)}.min\` is ${min}, more than its max, which is ${max}` },
    ]
  return Object.entries(data).flatMap(([key, value]) => ranges(value, [...path, key]))
}

function checkFaults(scenario: Scenario, planned: readonly PlannedFault[]): Problem[] {
  const problems = planned.flatMap((fault, index) => checkFault(scenario, fault, index))
  return problems.length > 0 ? problems : contradictions(scenario, planned, namesOf(scenario))
}

/** What a target can be. */
function namesOf({ topology, servers }: Scenario): Names {
  return {
    ...topologies[topology.kind].nodeNames(topology),
    servers: Array.from({ length: servers }, (_, i) => `server-${i + 1}`),
  }
}

function checkFault(scenario: Scenario, planned: PlannedFault, index: number): Problem[] {
  const written = scenario.faults[index]!
  const path = ['faults', index] as const
  const problem = (key: string, message: string): Problem => ({ path: [...path, key], message })
  const problems: Problem[] = []

  if (written.at !== undefined && written.when !== undefined)
    problems.push(problem('when', 'a fault has `at` or `when`, not both'))
  if (written.after !== undefined && written.when === undefined)
    problems.push(problem('after', '`after` counts what `when` names, and there is no `when`'))
  const counted = scenario.load.executor.endsWith('-iterations')
  if (counted && written.at === undefined && written.when === undefined)
    problems.push(problem('fault', `with the executor ${scenario.load.executor} a fault needs \`at\` or \`when\``))

  try {
    problems.push(...checkAim(scenario, planned).map((message) => problem('target', message)))
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    problems.push(problem('target', error.message))
  }
  return [...problems, ...checkTime(scenario, planned).map((message) => problem('for', message))]
}

/** A fault on links needs links. */
function checkAim(scenario: Scenario, planned: PlannedFault): string[] {
  const { group } = faults[planned.fault as FaultName] as { group: 'nodes' | 'links' | 'servers' | 'sentinel' }
  const { kind } = scenario.topology
  if (group === 'sentinel' && kind !== 'sentinel')
    return [`${planned.fault} is done to a Sentinel group, and there is none on ${kind}`]
  const aim = checkTarget(planned.target, kind, namesOf(scenario))
  const needs = group === 'sentinel' ? 'nodes' : group
  if (aim === needs) return checkWord(planned, group)
  const example = { nodes: 'primary or redis-1', links: 'servers→primary', servers: 'server-1 or holder' }[needs]
  return [`${planned.fault} acts on ${needs}: its target is a word such as ${example}, not ${planned.target}`]
}

/** Who can never be what a fault needs, though it is a node. */
function checkWord({ fault, target }: PlannedFault, group: string): string[] {
  if (target.startsWith('sentinel-') && !(processFaults as readonly string[]).includes(fault) && group !== 'links')
    return [
      `${fault} is done to a Redis, and ${target} is a Sentinel: ${processFaults.join(' and ')} can be done to it`,
    ]
  const needed = needsRole[fault as FaultName]
  if (needed === undefined || needed.never.every((word) => word !== target)) return []
  return [`${fault} is done to ${needed.role}, and \`${target}\` is not that`]
}

/** What can be done to any process, also to one that has no data. */
const processFaults = ['kill', 'pause'] as const satisfies FaultName[]

/** Words that mean somebody else for certain. */
const needsRole: Partial<Record<FaultName, { role: string; never: readonly string[] }>> = {
  failover: { role: 'the primary', never: ['replica', 'majority', 'all'] },
  'isolate-primary': { role: 'the primary', never: ['replica', 'majority', 'all'] },
  'cut-replication': { role: 'replicas', never: ['primary', 'all'] },
}

function checkTime({ load, settle }: Scenario, { fault, atMs, forMs }: PlannedFault): string[] {
  const total = loadDurationMs(load)
  if (atMs !== undefined && atMs >= total)
    return [`${fault} begins at ${atMs} ms, when the load of ${total} ms is over`]
  const endMs = (atMs ?? 0) + forMs
  if (endMs <= total + settle) return []
  return [
    `${fault} would end ${endMs} ms after the load began, but the load and its settling take ${total + settle} ms`,
  ]
}
