import { expect, test } from 'vitest'
import { ownerOf } from './key-record.ts'

const lockKeys = new Set(['stock:1', 'stock:11', 'stock:1:x', 'a', 'user-1'])

test.each([
  ['stock:1', 'stock:1'],
  ['lock:stock:1', 'stock:1'],
  ['{stock:1}:fence', 'stock:1'],
  ['stock:11', 'stock:11'],
  ['stock:111', null],
  ['prestock:1', null],
  ['lock:stock:1:x', 'stock:1:x'],
  ['lock:stock:1:y', 'stock:1'],
  ['redisson_lock__queue:{user-1}', 'user-1'],
  ['a'.repeat(600), null],
])('the redis key %s belongs to %s', (name, owner) => {
  expect(ownerOf(name, lockKeys)).toBe(owner)
})
