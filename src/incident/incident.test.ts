import { expect, test } from 'vitest'
import { interruptedDoubt, type Report } from '../reporters/report.ts'
import { loadScenario, scenariosFolder } from '../plan/index.ts'
import { scenarioSchema } from '../plan/schema.ts'
import { faults, type FaultName } from '../faults/index.ts'
import { workloads } from '../workloads/index.ts'
import { fallbacks, type FallbackName } from './fallbacks.ts'
import type { WrittenScenario } from '../plan/scenario.ts'
import { planOf } from '../variants/variant.ts'
import { counterMeasures } from './counter-measures/index.ts'
import { postMortem } from './document.ts'
import { factsSchema } from './facts.ts'
import { renderHtml } from './html.ts'
import { renderMarkdown } from './markdown.ts'
import { outcomeOf } from './outcome.ts'
import { recordSchema, type IncidentRecord } from './record.ts'
import { replayOf } from './scenario.ts'
import { words } from './words/index.ts'

const counts = (more: Record<string, number>) => ({
  requests: 100,
  granted: 90,
  done: 80,
  contended: 5,
  unavailable: 0,
  indeterminate: 0,
  overlaps: 0,
  duplicates: 0,
  oversold: 0,
  negative_stock: 0,
  lost_updates: 0,
  leaked_keys: 0,
  ...more,
})

const report = (more: Partial<Report> = {}): Report => ({
  schema: 1,
  scenario: 'oom',
  topology: 'single',
  runtime: 'process',
  lock: 'local-on-oom',
  workload: 'oversell',
  seed: 7,
  startedAt: '2026-01-02T03:04:05.000Z',
  durationMs: 9000,
  verdict: 'invalid',
  unknownBecause: [],
  findings: [
    {
      checker: 'exclusion',
      metric: 'overlaps',
      blame: 'lock',
      count: 12,
      message: 'two callers held <b>stock:1</b> at once',
      first: { key: 'stock:1', atMs: 1500, ops: [1, 2] },
    },
  ],
  counts: counts({ overlaps: 12, duplicates: 41, negative_stock: 35 }),
  latencyMs: {},
  rates: { throughput: 10 },
  faults: [
    {
      fault: 'oom',
      target: 'redis-1',
      plannedAtMs: 1000,
      appliedAtMs: 1010,
      healedAtMs: 4000,
      landed: true,
      proof: 'redis-1 refuses a write: OOM',
      holdsDuring: 20,
    },
  ],
  thresholds: [],
  reproduce: 'picklock run ./scenario.yaml --seed 7',
  versions: { redis: '7.0.15' },
  ...more,
})

const none = { granted: 0, contended: 0, unavailable: 0, uncertain: 0, open: 0, slowestMs: 0 }
const record = (more: Partial<IncidentRecord> = {}): IncidentRecord => ({
  schema: 1,
  facts: factsSchema.parse({ name: 'oom', recorded: { duplicates: 108, negative_stock: 34 } }),
  assumed: [{ fact: 'lock', value: 'local-on-oom' }],
  drilled: { ttlMs: 2700, waitMs: 1500, servers: 3, rate: 160 },
  incident: {
    folder: 'runs/a',
    report: report(),
    evidence: {
      moments: [{ atMs: 1010, what: 'landed', who: 'redis-1', fault: 'oom', proof: 'redis-1 refuses a write: OOM' }],
      momentsLeftOut: 0,
      duringFaults: [{ fault: 'oom', fromMs: 1000, toMs: 4000, acquires: { ...none, granted: 50, contended: 3 } }],
    },
  },
  measures: [
    {
      name: 'fail-fast',
      after: { folder: 'runs/b', report: report({ lock: 'reference', findings: [], counts: counts({}) }) },
    },
  ],
  ...more,
})

const written = (lang: 'en' | 'ko', of = record()) => renderMarkdown(postMortem(of, words[lang]))

test('the damage of the day stands beside what the drill counted, and what nobody told is not known', () => {
  const text = written('en')
  expect(text).toContain('| duplicate orders | 108 | 41 |')
  expect(text).toContain('| products below zero | 34 | 35 |')
  expect(text).toContain('| units oversold | not known | 0 |')
  expect(text).toContain('- When: not known')
  expect(text).toContain('| 03:04:06.010 | 1.010 s | oom has landed on redis-1')
  expect(text).toContain('None of the 53 callers of that time got an error')
})

test('in Korean it has the headings of the report that it came from', () => {
  const text = written('ko')
  for (const heading of [
    '1. 장애 요약',
    '3. 장애 상세 타임라인',
    '4. 장애 영향 분석',
    '5. 5 Whys 분석',
    '8. 재발 방지 대책',
  ])
    expect(text).toContain(`## ${heading}`)
  expect(text).toContain('| 중복 주문 | 108 | 41 |')
  expect(text).toContain('장애 일시: 알려지지 않음')
})

test('what was told stands as it was told, in each language', () => {
  const facts = factsSchema.parse({
    name: 'oom',
    ttlMs: 'none',
    fallback: 'local-lock',
    day: { when: { ko: '6월 5일', en: '5 June' }, grade: 'S1', timeline: [{ at: '10:22', what: 'refused | errors' }] },
  })
  expect(written('ko', record({ facts }))).toContain('장애 일시: 6월 5일')
  const english = written('en', record({ facts }))
  expect(english).toContain('- When: 5 June')
  expect(english).toContain(String.raw`| 10:22 | refused \| errors |`)
  expect(english).toContain('none: the keys did not end by themselves')
})

test('a drill that proves nothing, and what was not run to its end, are called so in both languages', () => {
  const cutOff = report({ counts: counts({}), verdict: 'unknown', unknownBecause: [interruptedDoubt] })
  const one = record({
    measures: [{ name: 'fail-fast', after: { folder: 'runs/a', report: cutOff } }, { name: 'redlock' }],
  })
  one.incident.report = cutOff
  expect(written('en', one)).toContain('Effect (Measured): the drill is no proof: the drill was interrupted')
  expect(written('en', one)).toContain('| Fallback policy: refuse | proves nothing |')
  expect(written('en', one)).toMatch(/Not run to the end: Fallback policy: refuse, .*Redlock/)
  expect(written('ko', one)).toContain('판단할 수 없음: the drill was interrupted')
  expect(written('ko', one)).toContain('끝까지 실행되지 않은 대책: ')
})

test('the page has no script, and escapes what a drill said', () => {
  const html = renderHtml(postMortem(record(), words.ko), 'ko')
  expect(html).toContain('<html lang="ko">')
  expect(html).toContain('default-src &#39;none&#39;; style-src &#39;sha256-')
  expect(html).not.toContain('<script')
  expect(html).not.toContain('<b>stock:1</b>')
  expect(html).toContain('&lt;b&gt;stock:1&lt;/b&gt;')
})

test('a counter-measure prevented something only where there was something, its faults landed, and work was done', () => {
  const incident = report()
  const outcome = (after: Report, base = incident) =>
    outcomeOf({ name: 'fail-fast', after: { folder: '', report: after } }, base)
  const clean = report({ counts: counts({}) })
  expect(outcome(clean)).toBe('prevented')
  expect(outcome(report({ counts: counts({ duplicates: 3 }) }))).toBe('reduced')
  expect(outcome(report({ counts: counts({ duplicates: 300 }) }))).toBe('not-prevented')
  expect(outcome(report({ counts: counts({ done: 0 }) }))).toBe('unclear')
  expect(outcome(clean, clean)).toBe('unclear')
  const missed = clean.faults.map((fault) => ({ ...fault, landed: false }))
  expect(outcome({ ...clean, faults: missed })).toBe('unclear')
  expect(outcomeOf({ name: 'fail-fast' }, incident)).toBe('not-run')
  // Less damage in a run that was cut off is no merit; as much is none either.
  const cutOff = (more: Partial<Report>) => report({ verdict: 'unknown', unknownBecause: [interruptedDoubt], ...more })
  expect(outcome(cutOff({ counts: counts({}) }))).toBe('unclear')
  expect(outcome(cutOff({ counts: counts({ duplicates: 3 }) }))).toBe('unclear')
  expect(outcome(cutOff({ counts: counts({ duplicates: 300 }) }))).toBe('not-prevented')
  const left = (leaked: number) => ({ folder: '', report: report({ counts: counts({ leaked_keys: leaked }) }) })
  expect(outcomeOf({ name: 'ttl-limit', before: left(7), after: left(0) }, incident)).toBe('prevented')
})

test('what is written can be read again', () => {
  const one = record()
  expect(recordSchema.parse(JSON.parse(JSON.stringify(one)))).toEqual(one)
})

const cwd = scenariosFolder
const where = { file: './scenario.yaml', seed: 1, cwd }

test('every fallback, workload and fault that makes sense on one Redis gives a drill that can be run', async () => {
  const ofSentinel = ['failover', 'cut-replication', 'isolate-primary']
  for (const fallback of Object.keys(fallbacks) as FallbackName[])
    await planOf(replayOf(factsSchema.parse({ name: 'a', fallback }), undefined), where)
  for (const workload of Object.keys(workloads))
    await planOf(replayOf(factsSchema.parse({ name: 'a', workload }), undefined), where)
  for (const fault of Object.keys(faults) as FaultName[])
    if (!ofSentinel.includes(fault))
      await planOf(replayOf(factsSchema.parse({ name: 'a', faults: [fault] }), undefined), where)
})

test('what was told changes the scenario that it starts from, and the rest stays; what nobody told is said to be assumed', async () => {
  const base = loadScenario('incident-2025-06-05', { cwd })
  const facts = factsSchema.parse({ name: 'mine', from: 'x', servers: 5, ratePerSecond: 33, memoryLimitMb: 4096 })
  const replay = replayOf(facts, base)
  const plan = await planOf(replay, where)
  expect(plan).toMatchObject({ name: 'mine', servers: 5, load: { rate: 33 }, workload: base.scenario.workload })
  expect(plan.faults.at(-1)!.parameters).toMatchObject({ headroomMb: 64 })
  expect(replay.lock).toBe('local-on-oom')
  expect(replay.assumed).toEqual([{ fact: 'lock', value: 'local-on-oom' }])
  const bare = replayOf(factsSchema.parse({ name: 'bare', ttlMs: 'none' }), undefined)
  expect(bare.lock).toBe('no-ttl')
  expect(bare.assumed.map(({ fact }) => fact)).toContain('ratePerSecond')
})

test('which counter-measures fit depends on the incident, and each is a drill that can be run', async () => {
  const registered = (name: string) => loadScenario(name, { cwd }).source.data as WrittenScenario
  const fitting = async (told: Record<string, unknown>) => {
    const facts = factsSchema.parse({ name: 'a', ...told })
    const drill = replayOf(facts, undefined)
    const names: string[] = []
    for (const { name, runs } of Object.values(counterMeasures)) {
      const changed = runs({ facts, drill, registered })
      if (changed === undefined) continue
      names.push(name)
      for (const variant of [changed.before, changed.after]) if (variant) await planOf(variant, where)
    }
    return names
  }
  expect(await fitting({ faults: ['oom', 'memory-death'] })).toEqual([
    'ttl-limit',
    'fail-fast',
    'queue',
    'circuit-breaker',
    'redlock',
    'fencing',
    'database-lock',
    'optimistic-lock',
  ])
  expect(await fitting({ workload: 'mutex', topology: 'redlock' })).toEqual(['fail-fast', 'queue', 'circuit-breaker'])
  expect(await fitting({ topology: 'sentinel', faults: ['failover'] })).toContain('wait-replicas')
  expect(await fitting({ ttlMs: 60_000 })).toContain('ttl-limit')
})

test('the scenario that is written is one that `picklock run` takes', () => {
  const { scenario } = replayOf(factsSchema.parse({ name: 'a' }), undefined)
  expect(scenarioSchema.safeParse(scenario).success).toBe(true)
})
