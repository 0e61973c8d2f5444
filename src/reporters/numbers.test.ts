import { expect, test } from 'vitest'
import { invalidExample, report, unknownExample, validExample } from '../../test/support/reports.ts'
import { csv } from './csv.ts'
import { markdown } from './markdown.ts'
import { openMetrics } from './open-metrics.ts'

/** The grammar of an exposition, as far as we use it. */
const line = /^[a-z_]+\{(?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*"(?:,(?!\}))?)*\} (?:-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|NaN)$/

test('metrics.txt is OpenMetrics: families in one piece, each with its type, and an end', () => {
  for (const example of [validExample(), invalidExample(), unknownExample()]) {
    const lines = openMetrics.render(example).split('\n')
    expect(lines.slice(-2)).toEqual(['# EOF', ''])
    const families = lines.flatMap((text) => /^# TYPE (\w+) /.exec(text)?.[1] ?? [])
    expect(new Set(families).size).toBe(families.length)
    let family = ''
    for (const text of lines.slice(0, -2)) {
      const [, , name] = /^# (TYPE|UNIT|HELP) (\w+) ./.exec(text) ?? []
      if (name === undefined) {
        expect(text).toMatch(line)
        expect(text.replace(/(_count|_sum)?\{.*/, '')).toBe(family)
      } else family = name
    }
  }
  const text = openMetrics.render(invalidExample())
  expect(text).toContain('picklock_verdict{scenario="primary-kill",topology="sentinel",lock="set-nx",seed="42",')
  expect(text).toMatch(/picklock_finding\{.*metric="overlaps",blame="topology"\} 3\n/)
  expect(text).toMatch(/picklock_latency_seconds\{.*metric="acquire_wait",quantile="0.99"\} 0\.\d+\n/)
})

test("metrics.txt holds somebody else's names", () => {
  const example = validExample()
  example.report.lock = 'stdio:"my\\lock"\n} 1 \ud800'
  for (const text of openMetrics.render(example).split('\n').slice(0, -2))
    if (!text.startsWith('#')) expect(text).toMatch(line)
})

test('latency.csv has a line for each duration, in the order of their ends', () => {
  const { events, report, plan } = validExample()
  const [head, ...rows] = csv.render({ events, report, plan }).trimEnd().split('\r\n')
  expect(head).toBe('at_ms,metric,duration_ms,key,process,outcome')
  const cells = rows.map((row) => row.split(','))
  const times = cells.map(([at]) => Number(at))
  expect(times).toEqual(times.toSorted((a, b) => a - b))
  const grants = events.filter(({ f, type }) => f === 'acquire' && type === 'ok').length
  const count = (metric: string) => cells.filter((row) => row[1] === metric).length
  expect([count('acquire_wait'), count('hold_time'), count('release_duration')]).toEqual([grants, grants, grants])
  expect(cells.find((row) => row[1] === 'acquire_wait')!.slice(2)).toEqual([
    expect.stringMatching(/^12\.4$/),
    'stock:7',
    'server-1/vu-1',
    'ok',
  ])
})

test('latency.csv: a key breaks no line, and is no formula', () => {
  const { events, ...rest } = validExample()
  const named = events.map((event) => ('op' in event && event.f !== 'fault' ? { ...event, key: '=1+"a",\n' } : event))
  const [, row] = csv.render({ events: named, ...rest }).split('\r\n')
  expect(row).toContain(`"'=1+""a"", "`)
})

test('summary.md says the verdict first, and fits into a step summary whatever was found', () => {
  const example = invalidExample()
  expect(markdown.render(example).split('\n')[0]).toBe('## ✗ INVALID primary-kill · sentinel · set-nx (seed 42)')
  const huge = '🔒<&'.repeat(300_000)
  const many = Array.from({ length: 20_000 }, (_, index) => `${index}: ${huge.slice(0, 3000)}`)
  example.report = report({
    ...example.report,
    lock: huge,
    unknownBecause: many,
    lockCounters: Object.fromEntries(many.map((name) => [name, 1])),
    findings: example.report.findings.map((finding) => ({ ...finding, message: huge })),
    faults: example.report.faults.map((fault) => ({ ...fault, proof: huge })),
  })
  const text = markdown.render(example)
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(1 << 20)
  expect(text.startsWith('## ✗ INVALID primary-kill')).toBe(true)
  expect(text).toContain('more, in report.json')
})
