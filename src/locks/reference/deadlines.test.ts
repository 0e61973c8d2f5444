import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { deadlines } from './deadlines.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const never = () => new Promise<string>(() => {})
const rethrow = (error: Error) => {
  throw error
}

test('each call has the same time, and the connection is dropped once', async () => {
  const drop = vi.fn()
  const within = deadlines(100, drop)
  const ended: number[] = []
  const startMs = performance.now()
  const ask = () =>
    within.call(never, rethrow).catch(({ message }: Error) => {
      expect(message).toBe('Command timed out')
      ended.push(performance.now() - startMs)
    })
  const first = ask()
  await vi.advanceTimersByTimeAsync(60)
  const second = ask()
  await vi.advanceTimersByTimeAsync(300)
  await Promise.all([first, second])
  expect(ended[0]).toBeGreaterThanOrEqual(100)
  expect(ended[0]).toBeLessThan(110)
  expect(ended[1]).toBeGreaterThanOrEqual(160)
  expect(ended[1]).toBeLessThan(170)
  expect(drop).toHaveBeenCalledTimes(1)
  expect(vi.getTimerCount()).toBe(0)
})

test('a slow call of the last connection says nothing of the next', async () => {
  const drop = vi.fn()
  const within = deadlines(100, drop)
  const slow = within.call(never, () => 'given up')
  within.renewed()
  await vi.advanceTimersByTimeAsync(300)
  expect(await slow).toBe('given up')
  expect(drop).not.toHaveBeenCalled()
})

test('what was answered is not late, and a failure may be answered otherwise', async () => {
  const drop = vi.fn()
  const within = deadlines(100, drop)
  expect(await within.call(async () => 'yes', rethrow)).toBe('yes')
  expect(
    await within.call(
      () => Promise.reject(new Error('no')),
      ({ message }) => message,
    ),
  ).toBe('no')
  await vi.advanceTimersByTimeAsync(300)
  expect(drop).not.toHaveBeenCalled()
  expect(vi.getTimerCount()).toBe(0)
})
