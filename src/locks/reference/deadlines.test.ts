import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { deadlines } from './deadlines.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('each call has the same time, and the connection is dropped once', async () => {
  const drop = vi.fn()
  const within = deadlines(100, drop)
  const ended: number[] = []
  const startMs = performance.now()
  const ask = () =>
    within.began({
      sentAtMs: performance.now(),
      fail({ message }) {
        expect(message).toBe('Command timed out')
        ended.push(performance.now() - startMs)
      },
    })
  ask()
  await vi.advanceTimersByTimeAsync(60)
  ask()
  await vi.advanceTimersByTimeAsync(300)
  expect(ended[0]).toBeGreaterThanOrEqual(100)
  expect(ended[0]).toBeLessThan(110)
  expect(ended[1]).toBeGreaterThanOrEqual(160)
  expect(ended[1]).toBeLessThan(170)
  expect(drop).toHaveBeenCalledTimes(1)
  expect(within.any).toBe(false)
  expect(vi.getTimerCount()).toBe(0)
})

test('a slow call of the last connection says nothing of the next', async () => {
  const drop = vi.fn()
  const fail = vi.fn()
  const within = deadlines(100, drop)
  within.began({ sentAtMs: performance.now(), fail })
  within.renewed()
  await vi.advanceTimersByTimeAsync(300)
  expect(fail).toHaveBeenCalledOnce()
  expect(drop).not.toHaveBeenCalled()
})

test('what has ended is not late', async () => {
  const drop = vi.fn()
  const fail = vi.fn()
  const within = deadlines(100, drop)
  const calls = [1, 2, 3].map(() => ({ sentAtMs: performance.now(), fail }))
  for (const call of calls) within.began(call)
  expect(within.any).toBe(true)
  // Not in order: a reply that says to try again is followed by a second request for the same call.
  within.ended(calls[1]!)
  within.ended(calls[0]!)
  expect(within.any).toBe(true)
  within.ended(calls[2]!)
  expect(within.any).toBe(false)
  await vi.advanceTimersByTimeAsync(300)
  expect(fail).not.toHaveBeenCalled()
  expect(drop).not.toHaveBeenCalled()
  expect(vi.getTimerCount()).toBe(0)
})
