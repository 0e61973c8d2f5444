import { expect, test } from 'vitest'
import { invalidExample, report, unknownExample } from '../../test/support/reports.ts'
import { renderRun, renderTally } from './tally.ts'

const plain = { width: 90, color: 0 } as const
const { report: invalid } = invalidExample()

test('a line a run: the verdict, the seed, and why; where to read on unless it is valid', () => {
  expect(renderRun(report(), { ...plain, folder: 'reports/a' })).toBe(
    '  ✓ VALID     oversell · single · reference · seed 42\n',
  )
  expect(renderRun(invalid, { ...plain, folder: 'reports/b' })).toMatchInlineSnapshot(`
    "  ✗ INVALID   primary-kill · sentinel · set-nx · seed 42 · two servers held stock:7 at on…
                  reports/b/report.html
    "
  `)
  expect(renderRun(unknownExample().report, plain)).toMatchInlineSnapshot(`
    "  ? UNKNOWN   slow-network · single · reference · seed 42 · latency on servers→redis-1 di…
    "
  `)
})

test('how often: the rate of the worst verdict, its seeds, and how to see it again', () => {
  const runs = [
    ...Array.from({ length: 16 }, (_, seed) => ({ ...invalid, seed, verdict: 'valid' as const })),
    ...[101, 102, 103].map((seed) => ({ ...invalid, seed })),
    { ...invalid, seed: 200, verdict: 'unknown' as const },
  ]
  expect(renderTally([...runs, report()], plain)).toMatchInlineSnapshot(`
    "
      ✗ INVALID   primary-kill · sentinel · set-nx
                  invalid in 3 of 20 runs (15 %), unknown in 1, valid in 16
      seeds       101, 102, 103
      again       picklock run primary-kill --lock set-nx --seed 42

      ✓ VALID     oversell · single · reference
                  valid in 1 of 1 run (100 %)
    "
  `)
})

test('one in a thousand is not nothing', () => {
  const runs = Array.from({ length: 1000 }, (_, seed) => ({ ...report({ seed }), verdict: 'valid' as const }))
  expect(renderTally([...runs.slice(1), { ...report(), verdict: 'invalid' }], plain)).toMatch(/\(0\.1 %\)/)
})
