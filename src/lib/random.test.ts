import { expect, test } from 'vitest'
import { random } from './random.ts'

const take = (draw: () => number, count: number) => Array.from({ length: count }, draw)

test('the same seed and path give the same stream, another path another', () => {
  expect(take(random(42, 'server-1', 'vu', 3), 5)).toEqual(take(random(42, 'server-1', 'vu', 3), 5))
  const streams = [
    random(42),
    random(43),
    random(42, 'a'),
    random(42, 'a', 'b'),
    random(42, 'a,b'),
    random(42, '1'),
    random(42, 1),
  ]
  expect(new Set(streams.map((draw) => draw())).size).toBe(streams.length)
})

test('a stream is pinned: a seed in an old report still reproduces its drill', () => {
  expect(take(random(42, 'pin'), 3)).toMatchInlineSnapshot(`
    [
      0.07323139673098922,
      0.19165593315847218,
      0.5725288386456668,
    ]
  `)
})

test('numbers are uniform in [0, 1)', () => {
  const draw = random(7)
  const buckets = new Array<number>(10).fill(0)
  for (let index = 0; index < 100_000; index++) {
    const number = draw()
    expect(number >= 0 && number < 1).toBe(true)
    buckets[Math.floor(number * 10)]! += 1
  }
  for (const count of buckets) expect(Math.abs(count - 10_000)).toBeLessThan(500)
})

test('first draws of neighbouring seeds are uniform too', () => {
  let sum = 0
  for (let seed = 0; seed < 10_000; seed++) sum += random(seed, 'x')()
  expect(Math.abs(sum / 10_000 - 0.5)).toBeLessThan(0.02)
})
