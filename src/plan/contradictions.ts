import { faults, type FaultName } from '../faults/index.ts'
import type { Problem } from './problems.ts'
import type { PlannedFault, Scenario } from './scenario.ts'
import { certainly, type Names } from './targets.ts'

/**
 * Faults that cannot both land, because of what the other one does to the same target at the same time. Only what is certain is refused: `one` of
 * three nodes may be another one, a moment named by `when` may never come, and `primary` of a Sentinel group moves. What turns out
 * not to land is told in the report, and the verdict is then unknown.
 *
 * Most pairs are sensible and stay allowed: latency and then a kill, memory that runs out on a slow link, a crash during a partition.
 */
export function contradictions(scenario: Scenario, planned: readonly PlannedFault[], names: Names): Problem[] {
  const timed = planned.map((fault, index) => ({ fault, index, ...span(fault) }))
  return timed.flatMap((b) => {
    const other = timed.find((a) => a.index !== b.index && begunBefore(a, b) && overlap(a, b) && clash(a, b, names))
    if (other === undefined) return []
    const key = scenario.faults[b.index]!.at === undefined ? 'fault' : 'at'
    return [{ path: ['faults', b.index, key], message: sentence(other, b) }]
  })
}

interface Timed {
  fault: PlannedFault
  index: number
  /** ms since the load began, or since the moment that `when` names. */
  fromMs: number
  toMs: number
  /** Times with different clocks do not compare. */
  clock: string
}

/** Beyond these, nothing of the kind reaches the target: what begins meanwhile finds nothing to act on. */
const takesAway: Partial<Record<FaultName, string>> = {
  kill: 'has it down',
  pause: 'has it paused',
  'memory-death': 'has it dying and coming back',
  'stop-process': 'has it stopped',
  'block-event-loop': 'has it blocked',
  crash: 'has it down',
  partition: 'has it cut',
  'black-hole': 'lets nothing pass',
  flap: 'cuts it again and again',
}

/** What several of them would set, and undo, in each other's way. */
const share: Partial<Record<FaultName, string>> = {
  oom: 'maxmemory',
  eviction: 'maxmemory',
  'memory-death': 'maxmemory',
}

const span = ({ atMs, when, after, forMs }: PlannedFault) => ({
  fromMs: atMs ?? 0,
  toMs: (atMs ?? 0) + forMs,
  clock: atMs === undefined ? `${when} ${after}` : 'load',
})

const begunBefore = (a: Timed, b: Timed) => a.fromMs < b.fromMs || (a.fromMs === b.fromMs && a.index < b.index)

const overlap = (a: Timed, b: Timed) => a.clock === b.clock && b.fromMs < a.toMs

function clash(a: Timed, b: Timed, names: Names): boolean {
  const [first, second] = [a.fault, b.fault].map(({ fault }) => fault as FaultName) as [FaultName, FaultName]
  const takes = Object.hasOwn(takesAway, first)
  const sameKind = faults[first].group === faults[second].group
  // What a link does, and what a Sentinel group does, is proved on the node, which has to be there.
  const needsNode = faults[first].group === 'nodes' && ['links', 'sentinel'].includes(faults[second].group)
  const turnsAway = first === 'max-clients' && faults[second].group === 'links'
  const shared = share[first] !== undefined && share[first] === share[second]
  const twice = first === second && faults[first].group === 'nodes'
  if (!(takes && (sameKind || needsNode)) && !turnsAway && !shared && !twice) return false
  return certainly(a.fault.target, b.fault.target, names)
}

function sentence(a: Timed, b: Timed): string {
  const when = (ms: number) => (a.clock === 'load' ? `at ${ms} ms` : `${ms} ms after its moment`)
  const does = takesAway[a.fault.fault as FaultName]
  const meanwhile = does === undefined ? 'is on there' : does
  return `${b.fault.fault} of ${b.fault.target} begins ${when(b.fromMs)}, while ${a.fault.fault} of ${a.fault.target} (\`faults.${a.index}\`) ${meanwhile} until ${a.toMs} ms: the two contradict each other`
}
