import { faults, type FaultName } from '../faults/index.ts'
import { UsageError } from '../lib/failure.ts'
import { loadDurationMs } from '../load/duration.ts'
import type { LoadedScenario } from '../plan/index.ts'
import type { WrittenScenario } from '../plan/scenario.ts'
import type { Path } from '../plan/source.ts'
import { onRedlock } from '../variants/on-redlock.ts'
import type { Variant } from '../variants/variant.ts'
import type { Facts } from './facts.ts'
import { fallbacks } from './fallbacks.ts'
import { inLang, type Assumption } from './told.ts'

/** From what is known of an incident to the drill that replays it. */

export interface Replay extends Variant {
  assumed: readonly Assumption[]
}

/** What is assumed of a shop of which nothing is known: a hot sale, in which people who see an error press again. */
const assumption = {
  topology: 'single',
  servers: 3,
  ttlMs: 2700,
  waitMs: 1500,
  ratePerSecond: 120,
  durationMs: 8000,
  workload: 'oversell',
  faults: ['kill'],
} as const satisfies Partial<Facts>

/** What a memory limit of the day becomes in a drill of seconds, as room beyond what an empty Redis needs. */
const headroomMb = { min: 8, max: 64 }
const maxVUs = 240

/** @param base the scenario that `facts.from` names */
export function replayOf(facts: Facts, base: LoadedScenario | undefined): Replay {
  return base === undefined ? built(facts) : changed(facts, base)
}

function built(facts: Facts): Replay {
  const assumed: Assumption[] = []
  const told = <Key extends keyof typeof assumption>(fact: Key): NonNullable<Facts[Key]> => {
    const value = facts[fact] as NonNullable<Facts[Key]> | undefined
    if (value !== undefined) return value
    assumed.push({ fact, value: String(assumption[fact]) })
    return assumption[fact] as unknown as NonNullable<Facts[Key]>
  }
  const durationMs = told('durationMs')
  const broken = told('faults')
  const kind = told('workload')
  const topology = told('topology')
  const spreadOut = spread(broken, durationMs, facts)
  const { ttlMs, ...lock } = lockOf(facts, assumed, 'none')
  const scenario: WrittenScenario = {
    name: facts.name,
    title: facts.title === undefined ? facts.name : inLang(facts.title, 'en'),
    topology,
    servers: told('servers'),
    lock: { ttlMs: ttlMs ?? drilledTtl(told('ttlMs'), assumed), waitMs: told('waitMs') },
    workload: { kind, ...works[kind] },
    load: { executor: 'constant-arrival-rate', rate: told('ratePerSecond'), duration: `${durationMs}ms`, maxVUs },
    faults: topology === 'redlock' ? spreadOut.map(onRedlock) : spreadOut,
    settle: '500ms',
    ...(facts.recorded && { recorded: facts.recorded }),
    control: 'local-on-error',
    evidence: { grants: 20, holdsDuringFault: broken.length > 0 ? 1 : 0 },
  }
  return { scenario, ...lock, assumed }
}

/** The scenario as it stands, but for what was told. Its own lock is the one that it has to catch: what the shop had. */
function changed(facts: Facts, base: LoadedScenario): Replay {
  const assumed: Assumption[] = []
  const written = structuredClone(base.source.data) as WrittenScenario & Record<string, unknown>
  const { ttlMs, ...lock } = lockOf(facts, assumed, base.scenario.control)
  const load = { ...written.load } as Record<string, unknown>
  const overridden = (fact: keyof Facts, key: string, value: unknown) => {
    if (value === undefined) return
    if (!(key in load))
      throw new UsageError(`${fact} cannot be told here: the load of ${written.name} is ${String(load['executor'])}`)
    load[key] = value
  }
  overridden('ratePerSecond', 'rate', facts.ratePerSecond)
  overridden('durationMs', 'duration', facts.durationMs && `${facts.durationMs}ms`)
  const durationMs = facts.durationMs ?? loadDurationMs(base.scenario.load)
  const told = facts.faults && spread(facts.faults, durationMs, facts)
  const { lock: writtenLock = {} } = written
  const scenario: WrittenScenario = {
    ...written,
    name: facts.name,
    title: facts.title === undefined ? written.title : inLang(facts.title, 'en'),
    ...(facts.topology && { topology: facts.topology, topologies: [facts.topology] }),
    ...(facts.servers && { servers: facts.servers }),
    lock: {
      ...writtenLock,
      ...(ttlMs !== undefined && { ttlMs }),
      ...(typeof facts.ttlMs === 'number' && { ttlMs: facts.ttlMs }),
      ...(facts.waitMs !== undefined && { waitMs: facts.waitMs }),
    },
    ...(facts.workload &&
      facts.workload !== written.workload.kind && { workload: { kind: facts.workload, ...works[facts.workload] } }),
    load: load as WrittenScenario['load'],
    faults: (told ?? written.faults ?? [])
      .map((fault) => limited(fault, facts))
      .map((fault) => (facts.topology === 'redlock' ? onRedlock(fault) : fault)),
    ...(facts.recorded && { recorded: facts.recorded }),
  }
  return { scenario, ...lock, assumed }
}

/** A small shop of each trade that people press hard. */
const works: Record<string, Record<string, unknown>> = {
  oversell: { products: 60, stock: 7, workMs: { min: 20, max: 70 }, decrement: 'relative', resubmit: 0.5 },
  coupon: { coupons: 12, limit: 20, users: 400, workMs: { min: 20, max: 70 }, resubmit: 0.5 },
  points: { accounts: 40, balance: 400, workMs: { min: 20, max: 70 }, decrement: 'relative', resubmit: 0.5 },
  mutex: { keys: 40, workMs: { min: 20, max: 70 } },
}

/** The lock that was told, else one that does as the shop's fallback did. `standIn`: the lock where nothing was told. */
function lockOf(facts: Facts, assumed: Assumption[], standIn: string): Omit<Variant, 'scenario'> & { ttlMs?: number } {
  const { fallback, lockOptions = {} } = facts
  if (facts.lock !== undefined) return { lock: facts.lock, lockOptions }
  if (fallback !== undefined) {
    const { lock, options } = fallbacks[fallback] as (typeof fallbacks)[keyof typeof fallbacks] & {
      options?: Record<string, unknown>
    }
    // A key without a time to live, and no fallback: that lock there is.
    const without = facts.ttlMs === 'none' && fallback === 'none'
    const chosen = without ? 'no-ttl' : lock
    assumed.push({ fact: 'lock', value: chosen })
    return { lock: chosen, lockOptions: { ...(without ? {} : options), ...lockOptions } }
  }
  const chosen = standIn === 'none' ? (facts.ttlMs === 'none' ? 'no-ttl' : 'set-nx') : standIn
  assumed.push({ fact: 'lock', value: chosen })
  if (standIn === 'none') assumed.push({ fact: 'fallback', value: 'none' })
  return { lock: chosen, lockOptions }
}

/** A lock is asked for a lease in any case; that the shop's keys had none is drilled by the counter-measure against it. */
function drilledTtl(told: number | 'none', assumed: Assumption[]): number {
  if (told !== 'none') return told
  assumed.push({ fact: 'ttlMs', value: String(assumption.ttlMs) })
  return assumption.ttlMs
}

/** What a fault needs to be told, and what makes it felt in seconds. */
const parameters: Partial<Record<FaultName, Record<string, unknown>>> = {
  latency: { latencyMs: 400, jitterMs: 200, stream: 'both' },
  oom: { hoverMs: 300 },
  'memory-death': { headroomMb: 16, growMs: 400 },
}

/** One after the other, each with as much time as the next. */
function spread(names: readonly FaultName[], durationMs: number, facts: Facts): NonNullable<WrittenScenario['faults']> {
  const slotMs = (durationMs * 0.85) / Math.max(1, names.length)
  return names.map((fault, index) =>
    limited(
      {
        fault,
        target: faults[fault].defaultTarget,
        at: `${Math.round(durationMs * 0.1 + index * slotMs)}ms`,
        for: `${Math.round(slotMs * 0.75)}ms`,
        ...parameters[fault],
      },
      facts,
    ),
  )
}

type WrittenFault = NonNullable<WrittenScenario['faults']>[number]

function limited(fault: WrittenFault, { memoryLimitMb }: Facts): WrittenFault {
  if (fault.fault !== 'memory-death' || memoryLimitMb === undefined) return fault
  return { ...fault, headroomMb: Math.min(headroomMb.max, Math.max(headroomMb.min, Math.round(memoryLimitMb))) }
}

/** Which fact a part of the scenario came from, so that a mistake is pointed at where it was made. */
export function originOf([block, key]: Path): keyof Facts {
  if (block === 'lock') return key === 'waitMs' ? 'waitMs' : key === 'options' ? 'lockOptions' : 'ttlMs'
  if (block === 'load') return key === 'duration' ? 'durationMs' : 'ratePerSecond'
  const origins: Record<string, keyof Facts> = {
    name: 'name',
    title: 'title',
    topology: 'topology',
    servers: 'servers',
    workload: 'workload',
    faults: 'faults',
    recorded: 'recorded',
  }
  return origins[String(block)] ?? 'from'
}
