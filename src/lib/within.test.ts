import { expect, test } from 'vitest'
import { within } from './within.ts'

test('hands on what comes in time, a value or a failure', async () => {
  expect(await within(60_000, 'the answer', Promise.resolve(7))).toBe(7)
  await expect(within(60_000, 'the answer', Promise.reject(new Error('no')))).rejects.toThrow('no')
})

test('rejects when the time is over, and what comes later goes nowhere', async () => {
  const late = Promise.withResolvers<number>()
  await expect(within(5, 'the answer', late.promise)).rejects.toThrow('the answer took longer than 5 ms')
  late.reject(new Error('too late'))
})
