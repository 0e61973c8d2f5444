import { describe, expect, test } from 'vitest'
import { UsageError } from '../lib/failure.ts'
import { allThresholds, keeps, parseThreshold } from './thresholds.ts'

test.each([
  ['overlaps', 'count==0', { name: 'overlaps', aggregation: 'count', comparison: '==', limit: 0, kind: 'safety' }],
  [
    'overlaps{blame:topology}',
    'count<=2',
    { metric: 'overlaps{blame:topology}', tag: { name: 'blame', value: 'topology' } },
  ],
  ['overlaps{ blame: topology }', 'count<=2', { metric: 'overlaps{blame:topology}' }],
  ['acquire_wait', 'p(99)<250', { aggregation: 'p', percentile: 99, limit: 250, kind: 'latency' }],
  [
    'acquire_wait',
    ' p(99.9) <= 250.5 ',
    { percentile: 99.9, comparison: '<=', limit: 250.5, expression: 'p(99.9) <= 250.5' },
  ],
  ['hold_time', 'avg<10', { aggregation: 'avg' }],
  ['errors', 'rate<0.01', { aggregation: 'rate', limit: 0.01, kind: 'service' }],
  ['fairness', 'value>0.9', { aggregation: 'value' }],
  ['throughput', 'rate>=50', { comparison: '>=' }],
])('%s: %s', (metric, expression, expected) => {
  expect(parseThreshold(metric, expression)).toMatchObject(expected)
})

test.each([
  ['overlap', 'count==0', 'there is no metric overlap; did you mean overlaps?'],
  ['toString', 'count==0', 'there is no metric toString; '],
  [
    'overlaps{blame}',
    'count==0',
    '"overlaps{blame}" is no metric; write a name, or a name and a tag as in overlaps{blame:lock}',
  ],
  ['overlaps{blame:lok}', 'count==0', 'overlaps has no blame "lok"; did you mean lock?'],
  ['overlaps{by:lock}', 'count==0', 'overlaps has no tag by; there is blame'],
  ['duplicates{blame:lock}', 'count==0', 'duplicates has no tags'],
  [
    'overlaps',
    'count=0',
    '"count=0" is no threshold; write for example count==0 (count, then <, <=, >, >=, == or !=, then a number)',
  ],
  ['overlaps', 'p(99)<5', 'overlaps has no p(N); it has count, for example count==0'],
  [
    'acquire_wait',
    'rate<5',
    'acquire_wait has no rate; it has avg, min, med, max, p(N) or count, for example p(99)<250',
  ],
  ['acquire_wait', 'p(101)<5', 'p(101) is no percentile; N is between 0 and 100'],
  ['acquire_wait', 'p(99)<250ms', '"p(99)<250ms" is no threshold; '],
])('%s: %s is one sentence', (metric, expression, sentence) => {
  expect(() => parseThreshold(metric, expression)).toThrow(UsageError)
  expect(() => parseThreshold(metric, expression)).toThrow(sentence)
})

const names = (written: Record<string, string[]>) =>
  allThresholds(written)
    .filter(({ name }) => name === 'overlaps')
    .map(({ metric, expression }) => `${metric} ${expression}`)

test('every safety metric has a threshold, and a budget by tag leaves the rest as strict as it was', () => {
  expect(allThresholds({}).map(({ metric }) => metric)).toEqual([
    'overlaps',
    'duplicates',
    'oversold',
    'negative_stock',
    'lost_updates',
    'fence_violations',
    'foreign_releases',
    'overclaims',
    'leaked_keys',
    'unsettled',
  ])
  expect(names({})).toEqual(['overlaps count==0'])
  expect(names({ overlaps: ['count<=3'] })).toEqual(['overlaps count<=3'])
  expect(names({ 'overlaps{blame:topology}': ['count<=2'] })).toEqual([
    'overlaps{blame:lock} count==0',
    'overlaps{blame:holder} count==0',
    'overlaps{blame:unclear} count==0',
    'overlaps{blame:topology} count<=2',
  ])
})

test('comparisons; what was not measured keeps nothing', () => {
  const holds = (expression: string, value: number | null) => keeps(parseThreshold('acquire_wait', expression), value)
  expect(['max<5', 'max<=5', 'max>5', 'max>=5', 'max==5', 'max===5', 'max!=5'].map((text) => holds(text, 5))).toEqual([
    false,
    true,
    false,
    true,
    true,
    true,
    false,
  ])
  expect(holds('max<5', null)).toBe(false)
})

describe('abortOnFail', () => {
  const abort = (threshold: string) => ({ threshold, abortOnFail: true, delayAbortEval: 500 })

  test('k6’s object says when a crossed threshold ends the drill', () => {
    expect(parseThreshold('overlaps{blame:lock}', abort('count==0'))).toMatchObject({
      metric: 'overlaps{blame:lock}',
      expression: 'count==0',
      abortOnFail: true,
      delayAbortEvalMs: 500,
    })
    expect(parseThreshold('overlaps', { ...abort('count==0'), abortOnFail: false })).toEqual(
      parseThreshold('overlaps', 'count==0'),
    )
  })

  test('only what can grow and nothing else can end a drill', () => {
    expect(() => parseThreshold('lost_updates', abort('count==0'))).toThrow(/known at the end of a drill only/)
    expect(() => parseThreshold('acquire_wait', abort('p(99)<250'))).toThrow(/known at the end of a drill only/)
    expect(() => parseThreshold('overlaps', abort('count>=2'))).toThrow(/may be kept again/)
    expect(() => parseThreshold('overlaps', abort('count==2'))).toThrow(/may be kept again/)
    expect(parseThreshold('overlaps', abort('count<=2')).limit).toBe(2)
  })
})
