import { expect, test } from 'vitest'
import { found, pattern } from '../../../test/support/facts.ts'
import { lockTtlOverLimit } from './lock-ttl-over-limit.ts'

const lock = { how: 'sure', why: 'its name says lock' } as const

test.each([
  ['within the limit', { keys: 3, lock, longestTtlMs: 10_000 }, []],
  [
    'over it',
    { keys: 3, lock, overLimit: 1, longestTtlMs: 10_001 },
    ['medium: 1 lock of lock:* lives on for more than 10 s, the longest for 10 s'],
  ],
  [
    'ten times the limit',
    { keys: 3, lock, overLimit: 2, longestTtlMs: 100_000 },
    ['medium: 2 locks of lock:* live on for more than 10 s, the longest for 100 s'],
  ],
  [
    'more than that',
    { keys: 3, lock, overLimit: 2, longestTtlMs: 100_001 },
    ['high: 2 locks of lock:* live on for more than 10 s, the longest for 100 s'],
  ],
  ['a session, which may', { keys: 3, overLimit: 3, longestTtlMs: 1e9 }, []],
])('%s', (_, of, expected) => {
  expect(found(lockTtlOverLimit, { patterns: [pattern('lock:*', of)] })).toEqual(expected)
})
