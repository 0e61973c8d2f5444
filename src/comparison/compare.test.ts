import { expect, test } from 'vitest'
import { report } from '../../test/support/reports.ts'
import type { Report } from '../reporters/report.ts'
import { compare, exitCodeOf } from './compare.ts'
import { renderComparison } from './text.ts'

const waits = (p95: number, count = 500): Partial<Report> => ({
  latencyMs: { acquire_wait: { count, mean: p95 / 2, p50: p95 / 3, p90: p95 * 0.9, p95, p99: p95 * 2, max: p95 * 3 } },
})
const told = (a: Partial<Report>, b: Partial<Report>) => {
  const comparison = compare(report(a), report(b))
  const changes = comparison.rows.map(({ what, change }) => `${what}: ${change}`)
  return { ...comparison, changes, exitCode: exitCodeOf(comparison) }
}

test('a run beside itself: nothing is better or worse', () => {
  const { rows, differ, exitCode } = told({}, {})
  expect(differ).toEqual([])
  expect(rows.filter(({ change }) => change === 'better' || change === 'worse')).toEqual([])
  expect(exitCode).toBe(0)
})

test('one violation is a violation, and its absence in one run no proof', () => {
  const sound = { verdict: 'valid', counts: { overlaps: 0 } } as const
  const finding = { checker: 'exclusion', metric: 'overlaps', count: 1, message: 'two servers held stock:7' }
  const broken = { verdict: 'invalid', counts: { overlaps: 1 }, findings: [finding] } as const
  const worse = told(sound, broken as unknown as Partial<Report>)
  expect(worse.changes.slice(0, 2)).toEqual(['verdict: worse', 'overlaps: worse'])
  expect(worse.rows[1]!.note).toBe('two servers held stock:7')
  expect(worse.exitCode).toBe(1)

  const better = told(broken as unknown as Partial<Report>, sound)
  expect(better.changes.slice(0, 2)).toEqual(['verdict: better', 'overlaps: better'])
  expect(better.rows[0]!.note).toContain('no proof')
  expect(better.exitCode).toBe(0)

  expect(told({ counts: { overlaps: 300 } }, { counts: { overlaps: 2 } }).changes).toContain('overlaps: within noise')
  expect(told({ verdict: 'valid' }, { verdict: 'unknown' }).exitCode).toBe(4)
})

test('a latency is within noise unless it is far off, long enough and often measured', () => {
  expect(told(waits(40), waits(110)).changes).toContain('acquire_wait p95: within noise')
  expect(told(waits(0.5), waits(4)).changes).toContain('acquire_wait p95: within noise')
  expect(told(waits(40, 50), waits(400)).changes).toContain('acquire_wait p95: within noise')
  expect(told(waits(40), waits(130))).toMatchObject({
    exitCode: 99,
    changes: expect.arrayContaining(['acquire_wait p95: worse']) as string[],
  })
  expect(told(waits(130), waits(40)).changes).toContain('acquire_wait p95: better')
})

test('drills of different kinds are compared by what broke, and by nothing else', () => {
  const { differ, changes } = told(waits(1), { ...waits(1000), topology: 'redlock', versions: { redis: '8.0' } })
  expect(differ).toEqual([
    'the topology is single in one, redlock in the other',
    expect.stringMatching(/^redis is .* in one, 8\.0 in the other$/),
    ...differ.slice(2),
  ])
  expect(changes.filter((change) => change.includes('p95'))).toEqual([])
  const set = { reproduce: "picklock run oversell --set 'load.rate=500'" }
  expect(told({}, set).differ).toEqual(['the scenario was changed (--set) in one and not alike in the other'])
})

test('what changed stands first, and the text says what two runs can tell', () => {
  const [a, b] = [report(waits(40)), report({ ...waits(400), lock: 'mine\u001b[31m' })]
  const text = renderComparison([a, b], compare(a, b), { width: 80, color: 0 })
  expect(text).toContain('oversell · single · mine · seed 42')
  expect(text.indexOf('✗ worse')).toBeLessThan(text.indexOf('· same'))
  expect(text).toContain('40 ms → 400 ms')
  expect(text.replaceAll(/\s+/g, ' ')).toContain('only beyond 3 times')
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
})
