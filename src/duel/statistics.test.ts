import { describe, expect, test } from 'vitest'
import { midMean, shiftOf } from './statistics.ts'

describe('the signed-rank test', () => {
  test('all above: one way in 2ⁿ', () => {
    expect(shiftOf([1, 2, 3, 4, 5]).pAbove).toBe(1 / 32)
    expect(shiftOf([1, 2, 3, 4, 5, 6, 7, 8]).pAbove).toBe(1 / 256)
  })

  test('all below: certain', () => {
    expect(shiftOf([-1, -2, -3, -4, -5]).pAbove).toBe(1)
  })

  test("the depression scale factors of Hollander and Wolfe, as in R's help of wilcox.test: V = 40, p = 0.01953", () => {
    const before = [1.83, 0.5, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.3]
    const after = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29]
    const { pAbove, estimate } = shiftOf(before.map((x, i) => x - after[i]!))
    expect(pAbove).toBeCloseTo(0.01953, 5)
    expect(estimate).toBeCloseTo(0.46, 2)
  })

  test('signs that balance: about one half', () => {
    expect(shiftOf([1, -2, 3, -4, 4.5, -2.5]).pAbove).toBeCloseTo(0.5, 0)
  })

  test('ties share ranks: three of one size, one of them below, is 4 of 8 ways', () => {
    expect(shiftOf([1, 1, -1]).pAbove).toBe(0.5)
    expect(shiftOf([1, 1, 1]).pAbove).toBe(1 / 8)
  })

  test('zeros say nothing', () => {
    expect(shiftOf([0, 0, 0]).pAbove).toBe(1)
    expect(shiftOf([0, 1, 2, 3]).pAbove).toBe(1 / 8)
  })
})

describe('the estimate and its bounds', () => {
  test('of 1 … 10, bounds by the table for n = 10 (critical value 10, 0.042 one-sided)', () => {
    const means = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
      .flatMap((a, i, all) => all.slice(i).map((b) => (a + b) / 2))
      .sort((a, b) => a - b)
    const { estimate, lower, upper } = shiftOf([3, 9, 1, 7, 5, 2, 10, 4, 8, 6])
    expect(estimate).toBe(5.5)
    expect(lower).toBe(means[10])
    expect(upper).toBe(means[means.length - 11])
  })

  test('a heavy tail moves neither far: one pair of 50 times the size', () => {
    const calm = [0.18, 0.2, 0.17, 0.22, 0.19, 0.21, 0.16, 0.2, 0.18, 0.19, 0.21]
    const { estimate, lower, upper } = shiftOf([...calm, -10])
    expect(estimate).toBeCloseTo(0.19, 2)
    expect(lower).toBeGreaterThan(0.1)
    expect(upper).toBeLessThan(0.22)
  })

  test('too few pairs bound nothing', () => {
    expect(shiftOf([1, 2, 3, 4])).toMatchObject({ lower: -Infinity, upper: Infinity, pAbove: 1 / 16 })
    expect(shiftOf([1, 2, 3, 4, 5])).toMatchObject({ lower: 1, upper: 5 })
    expect(shiftOf([])).toMatchObject({ pairs: 0, estimate: NaN, lower: -Infinity, upper: Infinity, pAbove: 1 })
  })

  test('moved by a number, all of it moves by that number', () => {
    const some = [0.3, -0.1, 0.7, 0.2, 0.9, -0.4, 0.5]
    const at = shiftOf(some)
    const moved = shiftOf(some.map((x) => x + 1))
    for (const what of ['estimate', 'lower', 'upper'] as const) expect(moved[what]).toBeCloseTo(at[what] + 1)
  })
})

test('the mean of the middle half', () => {
  expect(midMean([1, 2, 3, 4])).toBe(2.5)
  expect(midMean([1, 2, 3, 4, 5, 6, 7, 1000])).toBe(4.5)
  expect(midMean([7])).toBe(7)
  expect(midMean([])).toBeNaN()
})
