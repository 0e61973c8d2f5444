import { expect, test } from 'vitest'
import { guess, isBookkeeping, wordsOf, type Value } from './lock-like.ts'

const text = (value: string): Value => ({ type: 'string', text: value, parts: [] })
const uuid = text('bb945170-93dc-4d4f-9221-f29149e70ce9')
const how = (pattern: string, ...values: Value[]) => guess(pattern, values)?.how

test('words of a name, however they are joined', () => {
  expect(wordsOf('shop:orderLock:*')).toEqual(['shop', 'order', 'lock'])
  expect(wordsOf('redisson_lock_queue:{a}')).toEqual(['redisson', 'lock', 'queue', 'a'])
})

test.each([
  ['lock:coupon:issue:*', [uuid], 'sure'],
  ['orderLock:*', [text('1')], 'likely'],
  ['lock:*', [], 'likely'],
  ['stock:*', [text('0f343b0931126a20f133d67c2b018a3b')], 'likely'],
  ['stock:*', [text('nWzlBkV4d6cYq9w0Jx1aZA==')], 'likely'],
  // Redisson.
  ['stock:*', [{ type: 'hash', text: '', parts: ['bb945170-93dc-4d4f-9221-f29149e70ce9:17', '1'] }], 'sure'],
  ['stock:*', [{ type: 'hash', text: '', parts: ['name', 'pen'] }], undefined],
  ['blocks:*', [text('{}')], undefined],
  ['clock:*', [text('12')], undefined],
  ['sess:*', [uuid], undefined],
  ['lock:index', [{ type: 'set', text: '', parts: [] }], undefined],
  ['cart:*', [text('hello')], undefined],
  ['stock:*', [uuid, text('17')], undefined],
  ['fence:lock:*', [text('17')], undefined],
] as const)('%s is %s', (pattern, values, expected) => {
  expect(how(pattern, ...(values as readonly Value[]))).toBe(expected)
})

test('what lives beside a lock by design', () => {
  expect(['fence:lock:*', 'fence:*', 'redisson_lock_queue:{*}', 'lock:*', 'queue:mail'].map(isBookkeeping)).toEqual([
    true,
    true,
    true,
    false,
    false,
  ])
})
