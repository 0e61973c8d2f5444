import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { memoryLeases } from './memory-leases.ts'

const asked = { stays: false }

test('one holder a key, until it is given back', async () => {
  const leases = memoryLeases()
  expect(await leases.take('a', 'first', 1000, asked)).toMatchObject({ taken: true })
  expect(await leases.take('a', 'second', 1000, asked)).toMatchObject({ taken: false })
  expect(await leases.take('b', 'second', 1000, asked)).toMatchObject({ taken: true })
  expect(await leases.release('a', 'second')).toBe(false)
  expect(await leases.release('a', 'first')).toBe(true)
  expect(await leases.take('a', 'second', 1000, asked)).toMatchObject({ taken: true })
})

test('a lease ends by itself and is not brought back', async () => {
  const leases = memoryLeases()
  await leases.take('a', 'first', 20, asked)
  await sleep(40)
  expect(await leases.extend('a', 'first', 1000)).toBe(false)
  expect(await leases.release('a', 'first')).toBe(false)
  expect(await leases.take('a', 'second', 1000, asked)).toMatchObject({ taken: true })
})

test('a fence that Redis gave stays what it was', async () => {
  expect(await memoryLeases().take('a', 'first', 1000, { fence: '17', stays: true })).toMatchObject({ fence: '17' })
})
