import { expect, test } from 'vitest'
import { jittered, newToken, validUntil } from './lease.ts'

test('tokens have 128 bits and differ', () => {
  const tokens = Array.from({ length: 2000 }, newToken)
  expect(new Set(tokens).size).toBe(2000)
  for (const token of tokens) expect(token).toMatch(/^[0-9a-f]{32}$/)
})

test('a lease counts from before the request, less the drift', () => {
  expect(validUntil(5000, 1000)).toBe(5988)
  expect(validUntil(0, 10_000)).toBe(9898)
})

test('jitter stays between a half and one and a half', () => {
  for (let draw = 0; draw < 100; draw++) expect(Math.abs(jittered(10) - 10)).toBeLessThanOrEqual(5)
})
