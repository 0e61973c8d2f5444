import type { Evidence } from '../../src/checkers/checker.ts'
import type { Event, FaultEvent, KeyEvent, OperationEvent, TopologyEvent } from '../../src/history/event.ts'
import type { Plan } from '../../src/plan/scenario.ts'

/** Words for literal histories in tests. Times are ms since the drill's start. */

const ns = (ms: number) => Math.round(ms * 1e6)

/** Sorted by time, as the reader does it; events of one moment keep their order. */
export const history = (...events: Nested[]): Event[] => flat(events).sort((a, b) => a.t - b.t)

/** Stories are put together of smaller ones. */
export type Nested = Event | readonly Nested[]

const flat = (nested: readonly Nested[]): Event[] => nested.flatMap((each) => ('length' in each ? flat(each) : each))

type Fields = Partial<Omit<OperationEvent, 't' | 'process' | 'type' | 'f' | 'op' | 'key'>>

const operation = (
  t: number,
  process: string,
  type: OperationEvent['type'],
  f: OperationEvent['f'],
  op: number,
  key: string,
  fields: Fields,
): OperationEvent => ({ t: ns(t), process, type, f, op, key, ...fields })

export interface HoldOptions {
  op: number
  process: string
  key?: string
  /** When acquire was invoked; default: 1 ms before the grant. */
  from?: number
  /** When it was granted. */
  at: number
  /** When release was invoked; it is answered 1 ms later. */
  until?: number
  ttlMs?: number
  token?: string
  fence?: string
  validForMs?: number
  lagNs?: number
  claimLagNs?: number
}

/** acquire invoke, acquire ok and, with `until`, release invoke and ok. The token defaults to `token-<op>`. */
export function hold({ op, process, key = 'stock:7', from, at, until, ttlMs = 2700, ...rest }: HoldOptions): Event[] {
  const granted: Fields = { token: `token-${op}`, ...rest }
  const events = [
    operation(from ?? at - 1, process, 'invoke', 'acquire', op, key, { ttlMs, waitMs: 5000 }),
    operation(at, process, 'ok', 'acquire', op, key, granted),
  ]
  if (until !== undefined)
    events.push(
      operation(until, process, 'invoke', 'release', op + 1000, key, { grant: op }),
      operation(until + 1, process, 'ok', 'release', op + 1000, key, { grant: op }),
    )
  return events
}

export function extend(
  process: string,
  op: number,
  grant: number,
  from: number,
  at: number,
  fields: Fields = {},
): Event[] {
  const { ttlMs = 2700, ...result } = fields
  return [
    operation(from, process, 'invoke', 'extend', op, 'stock:7', { grant, ttlMs }),
    operation(at, process, 'ok', 'extend', op, 'stock:7', { grant, ...result }),
  ]
}

export const event = operation

export const key = (
  node: string,
  t: number,
  name: string,
  redisKey = 'stock:7',
  more: Partial<KeyEvent> = {},
): KeyEvent => ({
  t: ns(t),
  process: node,
  type: 'info',
  f: 'key',
  event: name,
  key: redisKey,
  ...more,
})

/** SET with a lease as the observer sees it: `set`, `expire`, and a sample. */
export const set = (node: string, t: number, token: string, pttlMs = 2700, redisKey = 'stock:7'): KeyEvent[] => [
  key(node, t, 'set', redisKey),
  key(node, t, 'expire', redisKey),
  key(node, t + 0.2, 'sample', redisKey, { value: token, pttlMs }),
]

export const topology = (t: number, name: string, node: string, more: Partial<TopologyEvent> = {}): TopologyEvent => ({
  t: ns(t),
  process: 'controller',
  type: 'info',
  f: 'topology',
  event: name,
  node,
  ...more,
})

/** A fault from its injection to its heal. */
export const fault = (op: number, name: string, target: string, from: number, to: number): FaultEvent[] => {
  const common = { process: 'controller', f: 'fault', op, fault: name, target } as const
  return [
    { t: ns(from), type: 'invoke', stage: 'inject', plannedNs: ns(from), ...common },
    { t: ns(from), type: 'ok', stage: 'landed', proof: 'seen', ...common },
    { t: ns(to), type: 'ok', stage: 'healed', ...common },
  ]
}

export const end = (t: number): Event => ({ t: ns(t), process: 'controller', type: 'info', f: 'phase', phase: 'end' })

/** Of a plan the part that judging looks at. */
export function plan(kind: Plan['topology']['kind'] = 'single', more: Partial<Plan> = {}): Plan {
  const part: Partial<Plan> = {
    name: 'a-drill',
    driver: { name: 'builtin' },
    topology: { kind, nodes: 3, replicas: 1, sentinels: 3, quorum: 2, downAfterMs: 1000 },
    evidence: { grants: 1, holdsDuringFault: 1 },
    thresholds: {},
    lock: { spec: 'naive', name: 'naive', ttlMs: 2700, waitMs: 5000, options: {} },
    workload: { kind: 'oversell', workMs: { min: 4, max: 12 } },
    faults: [],
    ...more,
  }
  return part as Plan
}

export const evidence = (kind: Plan['topology']['kind'], events: Event[]): Evidence => ({ plan: plan(kind), events })
