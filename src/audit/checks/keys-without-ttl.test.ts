import { expect, test } from 'vitest'
import { found, pattern } from '../../../test/support/facts.ts'
import { keysWithoutTtl } from './keys-without-ttl.ts'

const capped = { maxmemory: 100, maxmemory_policy: 'noeviction' }

test.each([
  ['few', { noTtl: 999 }, {}, []],
  ['many', { noTtl: 1000 }, {}, ['low: 1000 keys of cart:* have no TTL']],
  ['many where memory ends', { noTtl: 1000 }, capped, ['medium: 1000 keys of cart:* have no TTL']],
  [
    'many where Redis evicts',
    { noTtl: 1000 },
    { ...capped, maxmemory_policy: 'allkeys-lru' },
    ['low: 1000 keys of cart:* have no TTL'],
  ],
  ['few of many', { noTtl: 1000, keys: 10_001 }, {}, []],
  ['locks, which are another check’s', { noTtl: 1000, lock: { how: 'named', why: '' } as const }, {}, []],
  ['counters of fences, which must not expire', { noTtl: 20_000, bookkeeping: true }, {}, []],
])('%s', (_, of, info, expected) => {
  expect(found(keysWithoutTtl, { info, patterns: [pattern('cart:*', of)] })).toEqual(expected)
})

test('the limit and the policy as CONFIG GET tells them', () => {
  const config = { maxmemory: 100, 'maxmemory-policy': 'noeviction' }
  expect(found(keysWithoutTtl, { config, patterns: [pattern('cart:*', { noTtl: 1000 })] })).toEqual([
    'medium: 1000 keys of cart:* have no TTL',
  ])
})
