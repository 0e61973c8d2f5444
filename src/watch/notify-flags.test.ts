import { expect, test } from 'vitest'
import { sameFlags, tellsLocks, withLocks } from './notify-flags.ts'

test.each([
  ['', 'Eg$hxe'],
  ['Kx', 'KxEg$he'],
  ['AK', 'AKE'],
  ['AKE', 'AKE'],
])('"%s" becomes "%s"', (flags, expected) => {
  expect(withLocks(flags)).toBe(expected)
  expect(tellsLocks(flags)).toBe(flags === expected)
  expect(tellsLocks(expected)).toBe(true)
})

test('Redis gives the letters in another order', () => {
  expect(sameFlags('Eg$hxe', 'g$hxeE')).toBe(true)
  expect(sameFlags('AE', 'g$lshzxetdE')).toBe(true)
  expect(sameFlags('E', 'KE')).toBe(false)
})
