import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { definite } from '../../definite.ts'
import type { Strategy } from '../strategy.ts'
import { guarded } from './guard.ts'
import { memoryLeases } from './memory-leases.ts'

/** A strategy on a Redis that is played by this process' memory. */
function played() {
  const redis = memoryLeases()
  const strategy = {
    name: 'single',
    reusesTokens: true,
    async tryAcquire(key, token, ttlMs) {
      const taken = await redis.take(key, token, ttlMs, { stays: false })
      return taken.taken ? { ...taken, fence: '7' } : { taken: false, heldForMs: 1000, inLine: true }
    },
    handOver: () => Promise.reject(new Error('not under a guard')),
    extend: redis.extend,
    release: redis.release,
    cleanUp: redis.cleanUp,
    pass: async () => {},
    onTurn: () => {},
    ready: Promise.resolve(),
    close: redis.close,
  } satisfies Strategy
  return strategy
}

const asked = { stays: false }

test('a grant is in both places, and goes from both', async () => {
  const redis = played()
  const leases = memoryLeases()
  const strategy = guarded(redis, leases, true)
  expect(await strategy.tryAcquire('a', 'first', 1000, 'none')).toMatchObject({ taken: true, fence: '7' })
  expect(await leases.take('a', 'other', 1000, asked)).toMatchObject({ taken: false })
  expect(await strategy.release('a', 'first')).toBe(true)
  expect(await leases.take('a', 'other', 1000, asked)).toMatchObject({ taken: true })
  expect(await redis.tryAcquire('a', 'other', 1000)).toMatchObject({ taken: true })
})

test('somebody is inside there: Redis is given back', async () => {
  const redis = played()
  const leases = memoryLeases()
  await leases.take('a', 'inside', 1000, asked)
  const strategy = guarded(redis, leases, true)
  expect(await strategy.tryAcquire('a', 'first', 1000, 'none')).toMatchObject({ taken: false, inLine: false })
  expect(await strategy.tryAcquire('a', 'first', 1000, 'end')).toMatchObject({ taken: false, inLine: false })
  expect(await redis.tryAcquire('a', 'other', 1000)).toMatchObject({ taken: true })
})

test('a grant on Redis waits a moment for who is just leaving', async () => {
  const leases = memoryLeases()
  await leases.take('a', 'leaving', 1000, asked)
  const trying = guarded(played(), leases, true).tryAcquire('a', 'first', 1000, 'end')
  await sleep(20)
  await leases.release('a', 'leaving')
  expect(await trying).toMatchObject({ taken: true })
})

test('a place that cannot be asked: Redis is given back, and the error is definite only if it was', async () => {
  const redis = played()
  const leases = memoryLeases()
  const strategy = guarded(redis, leases, true)
  vi.spyOn(leases, 'take').mockRejectedValueOnce(definite(new Error('ECONNREFUSED')))
  await expect(strategy.tryAcquire('a', 't', 1000, 'none')).rejects.toMatchObject({ definite: true })
  vi.spyOn(leases, 'take').mockRejectedValueOnce(new Error('timeout'))
  await expect(strategy.tryAcquire('a', 't', 1000, 'none')).rejects.not.toHaveProperty('definite')
  expect(await redis.tryAcquire('a', 'other', 1000)).toMatchObject({ taken: true })

  vi.spyOn(leases, 'take').mockRejectedValueOnce(definite(new Error('ECONNREFUSED')))
  vi.spyOn(redis, 'release').mockRejectedValueOnce(new Error('Command timed out'))
  await expect(strategy.tryAcquire('b', 't', 1000, 'none')).rejects.not.toHaveProperty('definite')
})

test('decisive leases stand although Redis has lost them; others do not', async () => {
  for (const decisive of [true, false]) {
    const redis = played()
    const strategy = guarded(redis, memoryLeases(), decisive)
    await strategy.tryAcquire('a', 't', 1000, 'none')
    await redis.release('a', 't')
    const extended = await strategy.extend('a', 't', 1000)
    expect(Boolean(extended)).toBe(decisive)
    expect(await strategy.release('a', 't')).toBe(decisive)
  }
})

test('Redis is away: a decisive lease is extended and released all the same', async () => {
  const redis = played()
  const leases = memoryLeases()
  const strategy = guarded(redis, leases, true)
  await strategy.tryAcquire('a', 't', 1000, 'none')
  vi.spyOn(redis, 'extend').mockRejectedValue(new Error('ECONNREFUSED'))
  vi.spyOn(redis, 'release').mockRejectedValue(new Error('ECONNREFUSED'))
  expect(await strategy.extend('a', 't', 1000)).toMatchObject({ validUntilMs: expect.any(Number) })
  expect(await strategy.release('a', 't')).toBe(true)
  expect(await leases.take('a', 'other', 1000, asked)).toMatchObject({ taken: true })
})
