import { expect, test } from 'vitest'
import { confirmWithinMs } from './single.ts'

/** By how much Redis may be late with the answer to a WAIT. */
const lateMs = 100

test.each([
  [1000, 500],
  [400, 200],
  [300, 100],
  [250, 63],
  [200, 50],
  [150, 38],
  [1, 1],
])('of %i ms a WAIT gets %i ms', (timeoutMs, waitMs) => expect(confirmWithinMs(timeoutMs)).toBe(waitMs))

test('also a WAIT that ends late is answered before the deadline', () => {
  for (let timeoutMs = 150; timeoutMs <= 2000; timeoutMs += 10)
    expect(confirmWithinMs(timeoutMs) + lateMs).toBeLessThan(timeoutMs)
})
