import { expect, test } from 'vitest'
import { OpTable } from './op-table.ts'

test('what was set is got, in the ranges of several servers that take turns', () => {
  const table = new OpTable()
  for (let i = 0; i < 200_000; i++) for (const server of [1, 2, 3]) table.set(server * 10_000_000 + i, i * 3 + server)
  for (let i = 0; i < 200_000; i += 997)
    for (const server of [3, 1, 2]) expect(table.get(server * 10_000_000 + i)).toBe(i * 3 + server)
  expect(table.get(9_999_999)).toBe(-1)
  expect(table.get(10_200_000)).toBe(-1)
})

test('of two settings of a number the later one counts', () => {
  const table = new OpTable()
  table.set(7, 1)
  table.set(7, 0)
  expect(table.get(7)).toBe(0)
})

test.each([
  ['far apart', (i: number) => i * 99_991 + 7],
  ['times in ns', (i: number) => 1_700_000_000_000_000 + i * 1_000_003],
  ['dense, then far apart', (i: number) => (i < 20_000 ? i : i * 1_000_003)],
  ['dense, beyond the integers of the machine', (i: number) => 2 ** 33 + i],
])('numbers that are %s cost no more than so many entries of a Map', (_, op) => {
  const before = process.memoryUsage().arrayBuffers
  const table = new OpTable()
  for (let i = 0; i < 40_000; i++) table.set(op(i), i)
  for (let i = 0; i < 40_000; i += 97) expect(table.get(op(i))).toBe(i)
  expect(table.get(op(40_000))).toBe(-1)
  // A page each would be five gigabytes.
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50e6)
})
