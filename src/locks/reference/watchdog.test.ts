import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { watch, type Watched } from './watchdog.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const ttlMs = 3000

/** A lease of 3 s on a Redis that answers as it is told, with what was heard of it. */
function watched(more: Partial<Watched> = {}) {
  const startedMs = performance.now()
  const terms: Watched = {
    lease: { validUntilMs: startedMs + ttlMs },
    ttlMs,
    renew: true,
    startedMs,
    maxHoldMs: 60_000,
    ...more,
  }
  const heard: string[] = []
  const seconds = () => ((performance.now() - startedMs) / 1000).toFixed(1)
  let answer: () => Promise<{ validUntilMs: number } | false> = async () => ({
    validUntilMs: performance.now() + ttlMs,
  })
  const dog = watch(terms, () => (heard.push(`asked at ${seconds()}`), answer()), {
    renewed: () => {},
    failed: (error) => heard.push(error.message),
    lost: (reason) => heard.push(`${reason} at ${seconds()}`),
  })
  return { lease: terms.lease, heard, dog, redis: (next: typeof answer) => void (answer = next) }
}

test('renews at a third, again and again', async () => {
  const { heard, dog } = watched()
  await vi.advanceTimersByTimeAsync(10_500)
  expect(heard.length).toBe(10)
  expect(heard.slice(0, 3)).toEqual(['asked at 1.0', 'asked at 2.0', 'asked at 3.0'])
  dog.stop()
})

test('survives single errors (22), and does not storm (24)', async () => {
  const { heard, dog, redis } = watched()
  redis(() => Promise.reject(new Error('no')))
  await vi.advanceTimersByTimeAsync(2000)
  expect(heard.length).toBeLessThan(12)
  redis(async () => ({ validUntilMs: performance.now() + ttlMs }))
  await vi.advanceTimersByTimeAsync(20_000)
  expect(heard.join()).not.toContain('expiring')
  dog.stop()
})

test('tells before the lease can have ended', async () => {
  const { heard, redis } = watched()
  redis(() => Promise.reject(new Error('no')))
  await vi.advanceTimersByTimeAsync(2999)
  expect(heard.at(-1)).toBe('expiring at 2.9')
})

test('a renewal that hangs does not keep it from telling, and revives nothing (9)', async () => {
  const { heard, lease, redis } = watched()
  const { promise, resolve } = Promise.withResolvers<{ validUntilMs: number }>()
  redis(() => promise)
  await vi.advanceTimersByTimeAsync(2999)
  resolve({ validUntilMs: performance.now() + ttlMs })
  await vi.advanceTimersByTimeAsync(10_000)
  expect(heard).toEqual(['asked at 1.0', 'expiring at 2.9'])
  expect(lease.validUntilMs).toBeLessThan(performance.now())
})

test('what Redis no longer knows is lost at once', async () => {
  const { heard, redis } = watched()
  redis(async () => false)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(heard).toEqual(['asked at 1.0', 'taken at 1.0'])
})

test('a stuck holder is not renewed for ever (28)', async () => {
  const { heard } = watched({ maxHoldMs: 5000 })
  await vi.advanceTimersByTimeAsync(60_000)
  expect(heard.at(-1)).toMatch(/^max-hold at [67]/)
  expect(heard.length).toBeLessThan(8)
})

test('stops at release (23), also with a renewal under way (25)', async () => {
  const { heard, dog, redis } = watched()
  const { promise, resolve } = Promise.withResolvers<false>()
  redis(() => promise)
  await vi.advanceTimersByTimeAsync(1500)
  dog.stop()
  resolve(false)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(heard).toEqual(['asked at 1.0'])
  expect(vi.getTimerCount()).toBe(0)
})

test('without renewal it only tells', async () => {
  const { heard } = watched({ renew: false })
  await vi.advanceTimersByTimeAsync(60_000)
  expect(heard).toEqual(['expiring at 2.9'])
})
