import type { Event } from '../../src/history/event.ts'
import { scenario, type Plan } from '../../src/plan/scenario.ts'
import type { Report } from '../../src/reporters/report.ts'

/** Literal reports with their histories, for the tests of reporters and of measuring: one valid, one invalid, one unknown. */
export interface Example {
  report: Report
  plan: Plan
  events: Event[]
}

const ms = 1e6

/** Builds a history by hand; times in ms, ops numbered by the caller. */
export class HistoryBuilder {
  readonly events: Event[] = []

  phase(atMs: number, phase: 'start' | 'load' | 'settle' | 'end') {
    this.events.push({ t: atMs * ms, process: 'controller', type: 'info', f: 'phase', phase })
  }

  /** One whole cycle: a request that asks, is granted, works, releases and is answered. */
  cycle(cycle: {
    server: string
    key: string
    op: number
    askMs: number
    grantMs: number
    releaseMs: number
    answerMs?: number
    validForMs?: number
  }) {
    const { key, op } = cycle
    const process = `${cycle.server}/vu-1`
    const answerMs = cycle.answerMs ?? cycle.releaseMs + 0.5
    const hold = { key, process, grant: op }
    this.events.push(
      { t: cycle.askMs * ms, process, type: 'invoke', f: 'acquire', op, key, ttlMs: 2700, waitMs: 5000 },
      {
        t: cycle.grantMs * ms,
        process,
        type: 'ok',
        f: 'acquire',
        op,
        key,
        token: `token-${op}`,
        validForMs: cycle.validForMs ?? 2670,
      },
      { ...hold, t: (cycle.grantMs + 0.1) * ms, type: 'invoke', f: 'work', op: op + 1 },
      { ...hold, t: (cycle.releaseMs - 0.1) * ms, type: 'ok', f: 'work', op: op + 1 },
      { ...hold, t: cycle.releaseMs * ms, type: 'invoke', f: 'release', op: op + 2 },
      { ...hold, t: answerMs * ms, type: 'ok', f: 'release', op: op + 2 },
      {
        t: answerMs * ms,
        process,
        type: 'ok',
        f: 'request',
        op: op + 3,
        key,
        requestId: `request-${op}`,
        acquire: op,
        intendedNs: cycle.askMs * ms,
        outcome: 'done',
      },
    )
  }

  sorted(): Event[] {
    return this.events.toSorted((a, b) => a.t - b.t)
  }
}

/** Two servers take turns on one key, 20 ms apart, the next one waiting already. */
function turns(history: HistoryBuilder, fromMs: number, toMs: number, key = 'stock:7') {
  for (let atMs = fromMs, turn = 0; atMs + 20 < toMs; atMs += 20, turn++) {
    history.cycle({
      server: turn % 2 === 0 ? 'server-1' : 'server-2',
      key,
      op: Math.round(atMs) * 10,
      askMs: atMs - 12,
      grantMs: atMs + 0.4,
      releaseMs: atMs + 18,
    })
  }
}

export function plan(lock: string, topology: 'single' | 'sentinel' | 'redlock', faults: Plan['faults'] = []): Plan {
  const parsed = scenario.parse({
    name: faults.length > 0 ? 'primary-kill' : 'oversell',
    title: 'An example',
    topology,
    workload: { kind: 'oversell', products: 10, stock: 100 },
    load: { executor: 'constant-arrival-rate', rate: 50, duration: '8s' },
    control: 'naive',
  })
  return {
    ...parsed,
    asked: { scenario: 'oversell', set: [], lockOptions: {} },
    runtime: 'process',
    driver: { name: 'builtin' },
    seed: 42,
    lock: { spec: lock, name: lock, ttlMs: 2700, waitMs: 5000, options: {} },
    faults,
  }
}

const zero = { count: 0, mean: 0, p50: 0, p90: 0, p95: 0, p99: 0, max: 0 }

export function report(overrides: Partial<Report> = {}): Report {
  return {
    schema: 1,
    scenario: 'oversell',
    topology: 'single',
    runtime: 'process',
    lock: 'reference',
    workload: 'oversell',
    seed: 42,
    startedAt: '2026-11-21T09:00:00.000Z',
    durationMs: 9_123,
    verdict: 'valid',
    unknownBecause: [],
    findings: [],
    counts: {
      requests: 957,
      granted: 957,
      done: 870,
      repeated: 87,
      contended: 0,
      unavailable: 0,
      indeterminate: 0,
      abandoned: 0,
      overlaps: 0,
      duplicates: 0,
      oversold: 0,
      negative_stock: 0,
      lost_updates: 0,
    },
    latencyMs: {
      acquire_wait: { count: 957, mean: 1.9, p50: 1.2, p90: 5.5, p95: 8.1, p99: 41, max: 2310 },
      hold_time: { count: 957, mean: 8, p50: 8, p90: 8.3, p95: 8.4, p99: 9.1, max: 12 },
      handoff: { count: 911, mean: 0.5, p50: 0.4, p90: 0.7, p95: 0.9, p99: 1.3, max: 2300 },
      request_duration: { count: 957, mean: 11, p50: 9.9, p90: 15, p95: 18, p99: 51, max: 2330 },
      recovery_time: {},
    },
    rates: { throughput: 113.24, fairness: 0.994, errors: 0 },
    faults: [],
    thresholds: [{ metric: 'duplicates', threshold: 'count==0', value: 0, ok: true }],
    control: { lock: 'naive', verdict: 'invalid', metric: 'overlaps', afterMs: 812 },
    reproduce: 'picklock run oversell --topology single --lock reference --seed 42',
    versions: { picklock: '0.1.0', node: '24.19.0', redis: '7.0.15', toxiproxy: '2.12.0' },
    ...overrides,
  }
}

export function validExample(): Example {
  const history = new HistoryBuilder()
  history.phase(0, 'start')
  history.phase(100, 'load')
  turns(history, 120, 8000)
  turns(history, 130, 1500, 'stock:3')
  history.phase(8100, 'settle')
  history.phase(8600, 'end')
  return { report: report(), plan: plan('reference', 'single'), events: history.sorted() }
}

export function invalidExample(): Example {
  const history = new HistoryBuilder()
  history.phase(0, 'start')
  history.phase(100, 'load')
  turns(history, 120, 4980)
  history.cycle({ server: 'server-1', key: 'stock:7', op: 49_900, askMs: 4975, grantMs: 4990, releaseMs: 6100 })
  history.cycle({ server: 'server-2', key: 'stock:7', op: 58_710, askMs: 4981, grantMs: 5871, releaseMs: 5893 })
  turns(history, 6120, 8000)
  const fault = { process: 'controller', f: 'fault', op: 1, fault: 'kill', target: 'redis-1' } as const
  history.events.push(
    { ...fault, t: 5000 * ms, type: 'invoke', stage: 'inject', plannedNs: 5000 * ms },
    { ...fault, t: 5003 * ms, type: 'ok', stage: 'landed', proof: 'pid 4711 gone, PING refused' },
    { t: 5003 * ms, process: 'redis-1', type: 'info', f: 'topology', event: 'down', node: 'redis-1' },
    {
      t: 5861 * ms,
      process: 'controller',
      type: 'info',
      f: 'topology',
      event: 'switch-master',
      node: 'redis-2',
      from: 'redis-1',
      to: 'redis-2',
    },
    { t: 4989.6 * ms, process: 'redis-1', type: 'info', f: 'key', event: 'set', key: 'stock:7' },
    { t: 5870.7 * ms, process: 'redis-2', type: 'info', f: 'key', event: 'set', key: 'stock:7' },
    { ...fault, t: 7007 * ms, type: 'ok', stage: 'healed' },
    { t: 7007 * ms, process: 'redis-1', type: 'info', f: 'topology', event: 'up', node: 'redis-1' },
  )
  history.phase(8100, 'settle')
  history.phase(8600, 'end')
  const base = report()
  return {
    report: report({
      scenario: 'primary-kill',
      topology: 'sentinel',
      lock: 'set-nx',
      verdict: 'invalid',
      findings: [
        {
          checker: 'exclusion',
          metric: 'overlaps',
          blame: 'topology',
          count: 3,
          message:
            'two servers held stock:7 at once, 3 times (blame: topology). First at 5.871 s: server-1 held it from 4.990 s, server-2 was granted it too; redis-1 was killed at 5.003 s, redis-2 was promoted at 5.861 s without the key, which was never replicated',
          first: { key: 'stock:7', atMs: 5871, ops: [49_900, 58_710] },
        },
        {
          checker: 'duplicates',
          metric: 'duplicates',
          count: 2,
          message: 'request r-17 was ordered 3 times, at 5.880 s and 6.090 s among them',
        },
      ],
      counts: { ...base.counts, overlaps: 3, duplicates: 2, oversold: 5 },
      latencyMs: {
        ...base.latencyMs,
        recovery_time: { ...zero, count: 10, p50: 1.1, p90: 3, p95: 4, p99: 4, max: 4, mean: 1.5 },
      },
      faults: [
        {
          fault: 'kill',
          target: 'redis-1',
          plannedAtMs: 5000,
          appliedAtMs: 5003,
          healedAtMs: 7007,
          landed: true,
          proof: 'pid 4711 gone, PING refused, +switch-master after 0.858 s',
          holdsDuring: 12,
        },
      ],
      thresholds: [
        { metric: 'overlaps', threshold: 'count==0', value: 3, ok: false },
        { metric: 'duplicates', threshold: 'count==0', value: 2, ok: false },
        { metric: 'acquire_wait', threshold: 'p(99)<20', value: 41, ok: false },
      ],
      control: { lock: 'local-on-error', verdict: 'invalid', metric: 'overlaps', afterMs: 5900 },
      reproduce: 'picklock run primary-kill --lock set-nx --seed 42',
    }),
    plan: plan('set-nx', 'sentinel', [
      { fault: 'kill', target: 'primary', atMs: 5000, forMs: 2000, parameters: { keepData: false } },
    ]),
    events: history.sorted(),
  }
}

export function unknownExample(): Example {
  const history = new HistoryBuilder()
  history.phase(0, 'start')
  history.phase(100, 'load')
  history.phase(8100, 'settle')
  history.phase(8600, 'end')
  const fault = { process: 'controller', f: 'fault', op: 1, fault: 'latency', target: 'servers→redis-1' } as const
  history.events.push(
    { ...fault, t: 3000 * ms, type: 'invoke', stage: 'inject', plannedNs: 3000 * ms },
    { ...fault, t: 3004 * ms, type: 'fail', stage: 'missed', error: 'the round trip stayed at 0.3 ms' },
  )
  return {
    report: report({
      scenario: 'slow-network',
      verdict: 'unknown',
      unknownBecause: [
        'latency on servers→redis-1 did not land: the round trip stayed at 0.3 ms',
        'only 0 of the 200 grants that this drill needs were given',
      ],
      counts: { requests: 0, granted: 0, overlaps: 0 },
      latencyMs: { acquire_wait: {}, hold_time: {}, handoff: {} },
      rates: { throughput: 0 },
      faults: [
        {
          fault: 'latency',
          target: 'servers→redis-1',
          plannedAtMs: 3000,
          appliedAtMs: null,
          healedAtMs: null,
          landed: false,
          proof: 'the round trip stayed at 0.3 ms',
          holdsDuring: 0,
        },
      ],
      control: { lock: 'naive', verdict: 'valid', metric: null, afterMs: null },
      reproduce: 'picklock run slow-network --lock reference --seed 42',
    }),
    plan: plan('reference', 'single', [
      { fault: 'latency', target: 'servers→redis-1', atMs: 3000, forMs: 1000, parameters: { latencyMs: 200 } },
    ]),
    events: history.sorted(),
  }
}

export const hostile = `</script></title></style><img src=x onerror="alert(1)">'"&<!--]]>\u0000\u001b[2J\u202e`

/** Every text that a lock, a key, an error or a node can bring into a report. */
export function hostileExample(): Example {
  const history = new HistoryBuilder()
  history.phase(0, 'load')
  history.cycle({ server: 'server-1', key: hostile, op: 10, askMs: 0, grantMs: 1, releaseMs: 50 })
  history.cycle({ server: hostile.replace('/', ''), key: hostile, op: 20, askMs: 2, grantMs: 10, releaseMs: 60 })
  const process = `${hostile}/vu-1`
  history.events.push(
    {
      t: 5e6,
      process,
      type: 'info',
      f: 'acquire',
      op: 30,
      key: hostile,
      error: hostile,
      token: hostile,
      fence: hostile,
    },
    { t: 5e6, process: hostile, type: 'info', f: 'key', event: hostile, key: hostile },
    {
      t: 5e6,
      process: hostile,
      type: 'info',
      f: 'topology',
      event: hostile,
      node: hostile,
      from: hostile,
      to: hostile,
    },
    {
      t: 6e6,
      process,
      type: 'ok',
      f: 'fault',
      op: 1,
      fault: hostile,
      target: hostile,
      stage: 'landed',
      proof: hostile,
    },
  )
  history.phase(100, 'settle')
  const example = invalidExample()
  return {
    report: {
      ...example.report,
      scenario: hostile,
      topology: hostile,
      lock: hostile,
      workload: hostile,
      unknownBecause: [hostile],
      findings: [
        {
          checker: hostile,
          metric: hostile,
          count: 1,
          message: hostile,
          first: { key: hostile, atMs: 10, ops: [10, 20] },
        },
      ],
      counts: { [hostile]: 1 },
      faults: [{ ...example.report.faults[0]!, fault: hostile, target: hostile, proof: hostile }],
      thresholds: [{ metric: hostile, threshold: hostile, value: null, ok: false }],
      control: { lock: hostile, verdict: 'invalid', metric: hostile, afterMs: 1 },
      reproduce: hostile,
      versions: { [hostile]: hostile },
    },
    plan: { ...example.plan, title: hostile, lock: { ...example.plan.lock, spec: hostile, name: hostile } },
    events: history.sorted(),
  }
}

/** Two servers and ten keys; one hold in `overlapsEvery` overlaps the next one of its key. */
export function crowdedExample(holds: number, overlapsEvery = 1000): Example {
  const history = new HistoryBuilder()
  history.phase(0, 'load')
  for (let i = 0; i < holds; i++)
    history.cycle({
      server: `server-${1 + (i % 2)}`,
      key: `stock:${i % 10}`,
      op: i * 4,
      askMs: i - 1.37 - (i % 5),
      grantMs: i,
      releaseMs: i + (i % overlapsEvery === 7 % overlapsEvery ? 13.3 : 7.123 + (i % 7) / 10),
    })
  history.phase(holds, 'settle')
  const last = history.events.at(-1)!.t
  history.phase(last / ms + 100, 'end')
  return { ...invalidExample(), events: history.sorted() }
}
