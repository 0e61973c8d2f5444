import { expect, test } from 'vitest'
import { found } from '../../../test/support/facts.ts'
import { eviction } from './eviction.ts'

test.each([
  ['noeviction', { maxmemory_policy: 'noeviction', maxmemory: 100, evicted_keys: 0 }, {}, []],
  ['nothing was told', {}, {}, []],
  [
    'noeviction since it went wrong',
    { maxmemory_policy: 'noeviction', evicted_keys: 1 },
    {},
    ['medium: 1 key was evicted since Redis started, under an earlier policy'],
  ],
  [
    'a policy that waits for a limit',
    { maxmemory_policy: 'allkeys-lru', maxmemory: 0 },
    {},
    ['low: maxmemory-policy allkeys-lru throws away locks that are held, once there is a memory limit'],
  ],
  [
    'a policy that takes what has a TTL',
    { maxmemory_policy: 'volatile-ttl', maxmemory: 100 },
    {},
    [
      'high: maxmemory-policy volatile-ttl throws away locks that are held: it takes the keys that have a TTL when memory is short',
    ],
  ],
  [
    'INFO is not allowed',
    {},
    { 'maxmemory-policy': 'allkeys-lru', maxmemory: 100 },
    ['high: maxmemory-policy allkeys-lru throws away locks that are held when memory is short'],
  ],
])('%s', (_, info, config, expected) => {
  expect(found(eviction, { info, config })).toEqual(expected)
})
