import { expect, test } from 'vitest'
import { found, pattern } from '../../../test/support/facts.ts'
import { bookkeeping } from './bookkeeping.ts'

test.each([
  ['some counters', { noTtl: 9999, bookkeeping: true }, []],
  [
    'as many as there ever were locks',
    { noTtl: 10_000, bookkeeping: true },
    ['low: 10,000 keys of fence:* stay beside the locks without a TTL'],
  ],
  ['counters that expire', { noTtl: 0, keys: 20_000, bookkeeping: true }, []],
  ['a cache', { noTtl: 20_000 }, []],
])('%s', (_, of, expected) => {
  expect(found(bookkeeping, { patterns: [pattern('fence:*', of)] })).toEqual(expected)
})
