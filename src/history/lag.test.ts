import { expect, test } from 'vitest'
import { Lag } from './lag.ts'

test('an answer tells how late what stood before it may be, and what comes after it came after its question', () => {
  const lag = new Lag(0, 0)
  expect(lag.tick(25, 100)).toBe(true)
  expect(lag.tick(50, 200)).toBe(false)
  expect(lag.answered(60, 300)).toBe(60)
  expect(lag.tick(75, 400)).toBe(true)
  expect(lag.answered(76, 410)).toBe(51)
})

test('a silent node makes nobody late, whether a question is under way or not', () => {
  const lag = new Lag(0, 0)
  expect(lag.tick(25, 100)).toBe(true)
  for (let t = 50; t <= 3000; t += 25) expect(lag.tick(t, 100)).toBe(false)
  expect(lag.answered(3010, 200)).toBe(35)
  for (let t = 3025; t <= 6000; t += 25) expect(lag.tick(t, 200)).toBe(false)
  expect(lag.behindNs(6010)).toBe(35)
})

test('a reader that stood still is late with what waited for it', () => {
  const lag = new Lag(0, 0)
  lag.tick(25, 0)
  expect(lag.tick(500, 100)).toBe(true)
  expect(lag.answered(501, 110)).toBe(501)
})
