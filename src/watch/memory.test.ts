import { expect, test } from 'vitest'
import { MemoryTrend } from './memory.ts'

const info = (used: number, limit = 100_000_000) =>
  new Map([
    ['used_memory', String(used)],
    ['maxmemory', String(limit)],
    ['total_system_memory', '1000000000'],
  ])

test('growth, and the time that is left', () => {
  const trend = new MemoryTrend()
  for (let second = 0; second < 10; second++) trend.add(info(50_000_000 + second * 1_000_000), second * 1000)
  const { share, bytesPerSecond, leftMs, limitIs } = trend.add(info(60_000_000), 10_000)
  expect([share, limitIs]).toEqual([0.6, 'maxmemory'])
  expect(bytesPerSecond).toBeCloseTo(1_000_000)
  expect(leftMs).toBeCloseTo(40_000)
})

test('nothing is foretold from a second, nor of what does not grow', () => {
  const trend = new MemoryTrend()
  expect(trend.add(info(1), 0).bytesPerSecond).toBeUndefined()
  for (let second = 1; second < 10; second++) trend.add(info(1), second * 1000)
  expect(trend.add(info(1), 10_000)).toMatchObject({ bytesPerSecond: 0, leftMs: undefined })
})

test('without maxmemory the machine is the limit', () => {
  expect(new MemoryTrend().add(info(100, 0), 0)).toMatchObject({ limitIs: 'machine', limitBytes: 1_000_000_000 })
  expect(new MemoryTrend().add(new Map(), 0)).toMatchObject({ limitIs: 'unknown', share: Number.NaN })
})
