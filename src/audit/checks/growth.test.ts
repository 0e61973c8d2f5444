import { expect, test } from 'vitest'
import { facts, found, pattern, tally } from '../../../test/support/facts.ts'
import { growth } from './growth.ts'

const lock = { how: 'sure', why: 'its name says lock' } as const
const betweenMs = 60_000

test.each([
  ['noise', { noTtl: 109, before: tally(100) }, []],
  ['growth', { noTtl: 110, before: tally(100) }, ['medium: x:* grew by 10 keys without a TTL within 60 s']],
  [
    'growth of locks',
    { noTtl: 110, before: tally(100), lock },
    ['high: x:* grew by 10 keys without a TTL within 60 s'],
  ],
  [
    'what was not there before',
    { noTtl: 10, before: undefined },
    ['medium: x:* grew by 10 keys without a TTL within 60 s'],
  ],
  ['what shrinks', { noTtl: 10, before: tally(100) }, []],
  ['what comes and goes with a TTL', { noTtl: 0, keys: 5000, before: tally(0) }, []],
])('%s', (_, of, expected) => {
  expect(found(growth, { betweenMs, patterns: [pattern('x:*', of)] })).toEqual(expected)
})

test('one pass tells nothing of growth', () => {
  expect(found(growth, { patterns: [pattern('x:*', { noTtl: 1000 })] })).toEqual([])
})

test('the limit within the hour makes it high; by CONFIG GET too', () => {
  // 600 keys of 100 bytes an hour.
  const patterns = [pattern('x:*', { noTtl: 110, bytes: 11_000, before: tally(100) })]
  const severity = (used: number) =>
    growth
      .look(facts({ betweenMs, patterns, info: { used_memory: used }, config: { maxmemory: 1_000_000 } }))
      .map((finding) => [finding.severity, finding.evidence.at(-1)])
  expect(severity(1_000_000 - 60_000)).toEqual([['medium', 'the memory limit is reached in 60 min at this rate']])
  expect(severity(1_000_000 - 30_000)).toEqual([['high', 'the memory limit is reached in 30 min at this rate']])
})

test('nobody is told to give a counter of fences a TTL', () => {
  const patterns = [pattern('fence:*', { noTtl: 50, bookkeeping: true, before: tally(0) })]
  const [finding] = growth.look(facts({ betweenMs, patterns }))
  expect(finding).toMatchObject({ severity: 'medium', advice: expect.stringContaining('one counter for all') })
})
