import type { TopologyKind } from '../locks/lock.ts'
import { makePlan, parseScenario } from '../plan/index.ts'
import type { Plan } from '../plan/scenario.ts'
import { durationMs, slicesOf, type Timing, type Turn } from './timing.ts'

/** One of the two locks. */
export interface Side {
  /** As on the command line, and for reports. */
  spec: string
  name: string
  options: Readonly<Record<string, unknown>>
}

/** What both sides have in common. */
export interface Terms {
  topology: TopologyKind
  timing: Timing
  seed: number
  /** The command that runs it again. */
  command: string
}

/**
 * Iterations a second while a side has its turn, and the keys that they spread over: a quarter of the acquires finds its key held, so that both
 * what a free lock costs and how it is handed over are measured, and no queue grows that outlasts its slice.
 */
const rate = 240
const keys = 7
const workMs = { min: 3, max: 9 }

/**
 * The plan of one side of a duel: a drill without faults, on nodes and with servers of its own, whose load comes in slices. Both sides get the same
 * requests in slices of the same number: what chance draws is no difference between them.
 */
export function duelPlan({ spec, name, options }: Side, turn: Turn, { topology, timing, seed, command }: Terms): Plan {
  const data = {
    name: 'duel',
    title: 'Two locks take turns on one machine, so that their times compare',
    topology,
    servers: 2,
    lock: { ttlMs: 2700, waitMs: 5000 },
    workload: { kind: 'mutex', keys, workMs },
    load: { executor: 'ramping-arrival-rate', stages: stages(turn, timing), maxVUs: 400 },
    settle: '300ms',
    control: 'naive',
    evidence: { grants: 50 },
  }
  const loaded = parseScenario({ file: 'duel', data, where: () => 'the duel' })
  const plan = makePlan(loaded, { topology, lock: { spec, name }, seed, lockOptions: options })
  return { ...plan, asked: { ...plan.asked, command } }
}

function stages(turn: Turn, timing: Timing): { target: number; duration: string }[] {
  let atMs = 0
  const stay = (target: number, untilMs: number) => {
    const duration = `${untilMs - atMs}ms`
    atMs = untilMs
    return [
      { target, duration: '0s' },
      { target, duration },
    ]
  }
  const slices = slicesOf(turn, timing).flatMap((startMs) => [
    ...stay(0, startMs),
    ...stay(rate, startMs + timing.sliceMs),
  ])
  return [...slices, ...stay(0, durationMs(timing))]
}
