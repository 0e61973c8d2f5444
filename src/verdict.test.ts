import { expect, test } from 'vitest'
import { noDamage } from '../test/support/damage.ts'
import { end, event, history, hold, key, plan, set } from '../test/support/history.ts'
import type { Checker } from './checkers/checker.ts'
import type { Event } from './history/event.ts'
import { exitCode, judge, type Testimony } from './verdict.ts'

const good = history(hold({ op: 1, process: 'server-1/vu-1', at: 10, until: 20 }), end(100))
const overlapping = history(
  hold({ op: 1, process: 'server-1/vu-1', at: 10, until: 90 }),
  hold({ op: 2, process: 'server-2/vu-1', at: 50, until: 60 }),
  set('redis-1', 9.5, 'token-1'),
  key('redis-1', 30, 'evicted'),
  set('redis-1', 49.5, 'token-2'),
  end(100),
)
const measured = {
  counts: { requests: 100, contended: 3 },
  rates: { throughput: 100, errors: 0.25 },
  samplesMs: { acquire_wait: Float64Array.of(1, 3, 5), handoff: new Float64Array(0) },
}
const landed = {
  fault: 'kill',
  target: 'redis-1',
  plannedAtMs: 1,
  appliedAtMs: 1,
  healedAtMs: 2,
  landed: true,
  proof: 'gone',
  holdsDuring: 5,
}
const testimony = (more: Partial<Testimony> = {}): Testimony => ({
  plan: plan(),
  events: good,
  measured,
  faults: [],
  notes: [],
  ...more,
})
const verdict = (more: Partial<Testimony> = {}) => judge(testimony(more))
const work = (op: number, from: number, to?: number, type: 'ok' | 'info' = 'ok'): Event[] => [
  event(from, 'server-1/vu-1', 'invoke', 'work', op, 'stock:7', { grant: 1 }),
  ...(to === undefined
    ? []
    : [event(to, 'server-1/vu-1', type, 'work', op, 'stock:7', { grant: 1, error: 'Query read timeout' })]),
]
const adapter = (event: 'violation' | 'exit' | 'contract' | 'log', error: string): Event => ({
  t: 1,
  process: 'server-1',
  type: 'info',
  f: 'adapter',
  event,
  error,
})

test('nothing found and enough seen is valid', () => {
  expect(verdict()).toMatchObject({ verdict: 'valid', findings: [], unknownBecause: [] })
  expect(verdict({ faults: [landed], control: { lock: 'naive', verdict: 'invalid' } }).verdict).toBe('valid')
})

test('damage or an overlap is invalid, and a budget in the open forgives', () => {
  expect(verdict({ damage: { ...noDamage, oversold: 1 } }).verdict).toBe('invalid')
  expect(verdict({ events: overlapping }).verdict).toBe('invalid')
  const budget = verdict({
    events: overlapping,
    plan: plan('single', { thresholds: { 'overlaps{blame:topology}': ['count<=1'] } }),
  })
  expect(budget.verdict).toBe('valid')
  expect(budget.findings).toHaveLength(1)
  expect(budget.thresholds).toContainEqual({
    metric: 'overlaps{blame:topology}',
    threshold: 'count<=1',
    value: 1,
    ok: true,
  })
  const other = plan('single', { thresholds: { 'overlaps{blame:holder}': ['count<=1'] } })
  expect(verdict({ events: overlapping, plan: other }).verdict).toBe('invalid')
})

test('an overlap that is no longer than the clocks of two machines may differ is unknown, and of one clock invalid', () => {
  // From 50 to 60 ms.
  const apart = verdict({ events: overlapping, plan: plan('single', { clockErrorMs: 10 }) })
  expect(apart).toMatchObject({
    verdict: 'unknown',
    findings: [{ metric: 'overlaps', count: 1, blurred: 1 }],
    unknownBecause: [
      '1 overlap was no longer than the clocks of the servers may differ (10 ms): whether anybody held a key at once is not known',
    ],
  })
  expect(verdict({ events: overlapping, plan: plan('single', { clockErrorMs: 9.99 }) }).verdict).toBe('invalid')
  const oneServer = overlapping.map((event) => ({ ...event, process: event.process.replace('server-2', 'server-1') }))
  const together = verdict({ events: oneServer, plan: plan('single', { clockErrorMs: 10 }) })
  expect(together.verdict).toBe('invalid')
  expect(together.findings[0]).not.toHaveProperty('blurred')
})

test('of several overlaps one that is long enough is a crime, whatever the clocks are', () => {
  const another = [
    hold({ op: 3, process: 'server-1/vu-2', at: 10, until: 90, key: 'stock:8' }),
    hold({ op: 4, process: 'server-2/vu-2', at: 40, until: 60, key: 'stock:8' }),
  ]
  const events = history(...overlapping.filter(({ f }) => f !== 'phase'), ...another, end(100))
  expect(verdict({ events, plan: plan('single', { clockErrorMs: 10 }) }).verdict).toBe('invalid')
})

test.each<[string, Partial<Testimony>, string]>([
  [
    'too few grants',
    { plan: plan('single', { evidence: { grants: 200, holdsDuringFault: 1 } }) },
    '1 grant was seen, and a-drill needs 200 to tell anything (evidence.grants)',
  ],
  [
    'too few grants that led to work',
    {
      plan: plan('single', { evidence: { grants: 1, holdsDuringFault: 1 } }),
      measured: { ...measured, counts: { ...measured.counts, abandoned: 1 } },
    },
    'of 1 grant 1 led to no finished work, and a-drill needs 1 that do (evidence.grants)',
  ],
  [
    'a fault that did not land',
    { faults: [{ ...landed, landed: false, proof: 'redis-1 was not running' }] },
    'kill redis-1 did not land: redis-1 was not running',
  ],
  [
    'no hold during a fault',
    { faults: [{ ...landed, holdsDuring: 0 }] },
    '0 holds were seen during kill redis-1, and a-drill needs 1 to tell anything (evidence.holdsDuringFault)',
  ],
  [
    'a failover that did not happen',
    { plan: plan('sentinel', { evidence: { grants: 1, holdsDuringFault: 1, switches: 1 } }) },
    'the primary was replaced never, and a-drill needs 1 to tell anything (evidence.switches)',
  ],
  [
    'a fault of which the record shows nothing',
    { plan: plan('single', { faults: [{ fault: 'kill', target: 'primary', forMs: 1, parameters: {} }] }) },
    'of 1 planned fault the record shows 0',
  ],
  [
    'an interruption',
    { events: history(good, { t: 1, process: 'controller', type: 'info', f: 'phase', phase: 'interrupted' }) },
    'the drill was interrupted',
  ],
  [
    'iterations that were cut off',
    { measured: { ...measured, counts: { ...measured.counts, interrupted_iterations: 16 } } },
    '16 iterations had not ended when the load was cut off; what became of the calls is not known (load.gracefulStop)',
  ],
  [
    'a violation',
    { events: history(good, adapter('violation', 'line 7 is no JSON')) },
    'the program of server-1 broke the protocol: line 7 is no JSON',
  ],
  [
    'an exit',
    { events: history(good, adapter('exit', 'exit code 3')) },
    'the program of server-1 ended unasked: exit code 3',
  ],
  [
    'an answer that means nothing',
    { events: history(good, adapter('contract', "a grant's lost is true")) },
    "the lock of server-1 broke its contract: a grant's lost is true",
  ],
  [
    'a fault that stayed',
    { faults: [{ ...landed, healedAtMs: null, proof: 'gone, not healed: redis-1 did not answer' }] },
    'kill redis-1 was not healed: gone, not healed: redis-1 did not answer',
  ],
  [
    'a ledger that failed',
    { events: history(good, work(5, 12, 15, 'info')), damage: noDamage },
    'the ledger failed in the middle of 1 work: Query read timeout',
  ],
  [
    'damage that a ledger’s failure explains',
    { events: history(good, work(5, 12, 15, 'info')), damage: { ...noDamage, lost_updates: 1 } },
    'the ledger failed in the middle of 1 work: Query read timeout',
  ],
  [
    'damage that a work without an end explains',
    { events: history(good, work(5, 12)), damage: { ...noDamage, lost_updates: 1 } },
    '1 work did not come to an end: the damage in the ledger may be theirs',
  ],
  [
    'damage that a stall explains',
    {
      events: history(hold({ op: 1, process: 'server-1/vu-1', at: 10, until: 3200 }), work(5, 11, 3100), end(4000)),
      damage: { ...noDamage, lost_updates: 1 },
    },
    'the ledger or this machine stood still, and 1 work wrote after the end of the lease: the damage in the ledger, or the overlap, may be theirs',
  ],
  [
    'an overlap that a stall explains',
    {
      events: history(
        hold({ op: 1, process: 'server-1/vu-1', at: 10, until: 3200 }),
        work(5, 11, 3100),
        set('redis-1', 9.5, 'token-1'),
        key('redis-1', 2710, 'expired'),
        set('redis-1', 2799.5, 'token-2'),
        hold({ op: 2, process: 'server-2/vu-1', at: 2800, until: 2900 }),
        end(4000),
      ),
    },
    'the ledger or this machine stood still, and 1 work wrote after the end of the lease: the damage in the ledger, or the overlap, may be theirs',
  ],
  ['a note', { notes: ['server-1.ndjson:3 is cut'] }, 'server-1.ndjson:3 is cut'],
  [
    'a blind control',
    { control: { lock: 'naive', verdict: 'valid' } },
    'this run could not have seen a broken lock: the control naive, which a-drill has to catch, came out valid',
  ],
])('%s is unknown', (_, more, because) => {
  expect(verdict(more)).toMatchObject({ verdict: 'unknown', unknownBecause: [because] })
})

test('torn works explain damage, and no overlap', () => {
  const torn = { events: history(overlapping, work(5, 12, 15, 'info')), damage: { ...noDamage, lost_updates: 1 } }
  expect(verdict(torn).verdict).toBe('invalid')
  expect(verdict({ events: history(good, work(5, 12)), damage: noDamage }).verdict).toBe('valid')
})

test('a work that outlives its lease by plan, by a fault on its server, or in an extension is no stall', () => {
  const events = history(hold({ op: 1, process: 'server-1/vu-1', at: 10, until: 3200 }), work(5, 11, 3100), end(4000))
  const damage = { ...noDamage, lost_updates: 1 }
  const long = plan('single', { workload: { kind: 'oversell', workMs: { min: 10, max: 3000 } } })
  expect(verdict({ events, damage, plan: long }).verdict).toBe('invalid')
  const paused = { fault: 'stop-process', target: 'server-1', forMs: 1, parameters: {} }
  expect(verdict({ events, damage, faults: [landed], plan: plan('single', { faults: [paused] }) }).verdict).toBe(
    'invalid',
  )
  const slow = event(3050, 'server-1/vu-1', 'info', 'extend', 7, 'stock:7', { grant: 1 })
  const asked = event(100, 'server-1/vu-1', 'invoke', 'extend', 7, 'stock:7', { grant: 1, ttlMs: 2700 })
  expect(verdict({ events: history(events, asked, slow), damage }).verdict).toBe('invalid')
})

test('what a program logs is no doubt', () => {
  expect(verdict({ events: history(good, adapter('log', 'hello')) }).verdict).toBe('valid')
})

test('invalid beats unknown, and still tells what was lacking', () => {
  const judged = verdict({ damage: { ...noDamage, duplicates: 1 }, notes: ['cut'] })
  expect(judged).toMatchObject({ verdict: 'invalid', unknownBecause: ['cut'] })
})

test('a checker that throws is unknown with its stack, and its metric has no value', () => {
  const broken: Checker = {
    name: 'exclusion',
    title: '',
    metrics: ['overlaps'],
    check() {
      throw new Error('a defect')
    },
  }
  const judged = judge(testimony(), [broken])
  expect(judged.verdict).toBe('unknown')
  expect(judged.unknownBecause[0]).toMatch(/^the checker exclusion threw: Error: a defect\n\s+at /)
  expect(judged.thresholds[0]).toEqual({ metric: 'overlaps', threshold: 'count==0', value: null, ok: false })
})

test('latency and service thresholds are evaluated, and do not change the verdict', () => {
  const thresholds = {
    acquire_wait: ['p(50)<=3', 'max<5', 'avg==3', 'min==1', 'med==3', 'count==3'],
    handoff: ['p(99)<10'],
    contended: ['count<=3', 'rate<0.01'],
    errors: ['rate<0.5'],
    throughput: ['rate>50'],
    fairness: ['value>0.5'],
  }
  const judged = verdict({ plan: plan('single', { thresholds }) })
  expect(judged.verdict).toBe('valid')
  expect(judged.thresholds.filter(({ metric }) => metric in thresholds).map(({ value, ok }) => [value, ok])).toEqual([
    [3, true],
    [5, false],
    [3, true],
    [1, true],
    [3, true],
    [3, true],
    [null, false],
    [3, true],
    [0.03, false],
    [0.25, true],
    [100, true],
    [null, false],
  ])
})

test('exit codes: the first of 3, 1, 4, 99 that occurred', () => {
  const kept = { metric: 'a', threshold: 'count==0', value: 0, ok: true }
  const valid = { verdict: 'valid' as const, thresholds: [kept] }
  const slow = { verdict: 'valid' as const, thresholds: [kept, { ...kept, ok: false }] }
  const invalid = { verdict: 'invalid' as const, thresholds: [] }
  const unknown = { verdict: 'unknown' as const, thresholds: [] }
  const code = (...reports: Parameters<typeof exitCode>[0][number][]) => exitCode(reports)
  expect(code(valid)).toBe(0)
  expect(code(valid, slow)).toBe(99)
  expect(code(slow, unknown)).toBe(4)
  expect(code(slow, unknown, invalid)).toBe(1)
  expect(exitCode([invalid], { environmentFailed: true })).toBe(3)
})

test('a drill that ended early is invalid without the doubts of what it did not live to see, and never valid', () => {
  const early = (events: readonly Event[]): Event[] => [
    ...events.slice(0, -1),
    {
      t: 99e6,
      process: 'controller',
      type: 'info',
      f: 'phase',
      phase: 'ended-early',
      threshold: 'overlaps{blame:lock}: count==0',
    },
    ...events.slice(-1),
  ]
  const missed = { ...landed, landed: false, healedAtMs: null, proof: 'the drill ended before its time' }
  expect(verdict({ events: early(overlapping), faults: [missed] })).toMatchObject({
    verdict: 'invalid',
    unknownBecause: [],
  })
  const { verdict: said, unknownBecause } = verdict({ events: early(good) })
  expect(said).toBe('unknown')
  expect(unknownBecause[0]).toMatch(/ended early, because overlaps\{blame:lock\}: count==0 seemed crossed/)
})

test('a guard that takes no lock tells nothing of the lock, but damage is damage', () => {
  const unguarded = plan('single', {
    workload: { kind: 'oversell', guard: 'lua' },
    evidence: { grants: 60, holdsDuringFault: 0 },
  })
  const { verdict: said, unknownBecause } = verdict({ plan: unguarded, events: [end(100)] })
  expect(said).toBe('unknown')
  expect(unknownBecause).toEqual([
    `guard: lua takes no lock: this drill tells what the guard does, and nothing of ${unguarded.lock.name}`,
  ])
  expect(verdict({ plan: unguarded, events: [end(100)], damage: { ...noDamage, oversold: 1 } }).verdict).toBe('invalid')
})

test("an overlap of which nobody knows whose it is: a crime, but for where it would be allowed if it were the topology's", () => {
  const events = history(
    hold({ op: 1, process: 'server-1/vu-1', at: 10, until: 90 }),
    hold({ op: 2, process: 'server-2/vu-1', at: 50, until: 60 }),
    set('redis-1', 9.5, 'token-1'),
    key('redis-1', 49, 'gap', ''),
    end(100),
  )
  const judged = (allowed: string) =>
    verdict({ events, plan: plan('single', { thresholds: { 'overlaps{blame:topology}': [allowed] } }) })
  expect(judged('count==0')).toMatchObject({ verdict: 'invalid', findings: [{ blame: 'unclear' }] })
  expect(judged('count<=1')).toMatchObject({
    verdict: 'unknown',
    unknownBecause: [
      expect.stringMatching(
        /^of 1 overlap it is not known whose doing it was: the topology's, .* or the lock's$/,
      ) as string,
    ],
  })
})
