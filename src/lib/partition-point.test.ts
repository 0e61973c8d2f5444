import { expect, test } from 'vitest'
import { partitionPoint } from './partition-point.ts'

test('it is the number of those that come first, wherever the border lies', () => {
  for (let size = 0; size <= 9; size++)
    for (let border = 0; border <= size; border++) expect(partitionPoint(size, (index) => index < border)).toBe(border)
})

test('of a million it asks about twenty', () => {
  let asked = 0
  expect(partitionPoint(1_000_000, (index) => (asked++, index < 123_456))).toBe(123_456)
  expect(asked).toBeLessThanOrEqual(20)
})
