import { expect, test } from 'vitest'
import { jain, median, quantile, stampede, type Turn } from './measures.ts'

const ms = 1e6
const turn = (server: string, granted: number, releasing: number): Turn => ({
  server,
  asked: 0,
  granted: granted * ms,
  releasing: releasing * ms,
  released: (releasing + 1) * ms,
})

test('holds of 8 ms with hand-overs of 2 ms reach 8/10 of the serial limit', () => {
  const turns = [turn('a', 2, 10), turn('b', 12, 20), turn('a', 22, 30), turn('b', 32, 40)]
  const figures = stampede(turns.toReversed(), ['a', 'b'])
  expect(figures).toMatchObject({ grants: 4, wallMs: 41, holdMs: 8, overlaps: 0, fairness: 1 })
  expect(figures.serialShare).toBeCloseTo(32 / 41)
  expect(figures.handOversMs).toEqual([2, 2, 2])
})

test('a grant before the previous release is an overlap', () => {
  expect(stampede([turn('a', 0, 8), turn('b', 7, 15), turn('a', 15, 23)], ['a', 'b']).overlaps).toBe(1)
})

test('fairness looks at the first half, and at servers that got nothing', () => {
  const turns = ['a', 'a', 'b', 'b'].map((server, index) => turn(server, index * 10, index * 10 + 8))
  expect(stampede(turns, ['a', 'b']).fairness).toBe(0.5)
})

test("Jain's index", () => {
  expect(jain([5, 5])).toBe(1)
  expect(jain([10, 0])).toBe(0.5)
  expect(jain([3, 1])).toBe(0.8)
  expect(jain([0, 0])).toBeNaN()
})

test('quantiles by nearest rank', () => {
  expect(median([3, 1, 2])).toBe(2)
  expect(quantile([1, 2, 3, 4], 0.99)).toBe(4)
  expect(quantile([], 0.5)).toBeNaN()
})
