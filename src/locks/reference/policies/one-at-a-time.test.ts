import { expect, test } from 'vitest'
import { oneAtATime } from './one-at-a-time.ts'

const { signal } = new AbortController()

test('in the order of their coming, a key apart from the other', async () => {
  const line = oneAtATime()
  const order: number[] = []
  expect(await line.enter('a', 0, signal)).toBe(true)
  expect(await line.enter('b', 0, signal)).toBe(true)
  const waiting = [1, 2, 3].map(async (number) => {
    expect(await line.enter('a', 60_000, signal)).toBe(true)
    order.push(number)
    line.leave('a')
  })
  line.leave('a')
  await Promise.all(waiting)
  expect(order).toEqual([1, 2, 3])
  expect(await line.enter('a', 0, signal)).toBe(true)
})

test('who does not wait, waits too long or is cancelled is let go, and passed over', async () => {
  const line = oneAtATime()
  const cancel = new AbortController()
  await line.enter('a', 0, signal)
  expect(await line.enter('a', 0, signal)).toBe(false)
  expect(await line.enter('a', 10, signal)).toBe(false)
  const cancelled = line.enter('a', 60_000, cancel.signal)
  const last = line.enter('a', 60_000, signal)
  cancel.abort()
  expect(await cancelled).toBe(false)
  line.leave('a')
  expect(await last).toBe(true)
})
