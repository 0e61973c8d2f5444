import { expect, test, vi } from 'vitest'
import { definite } from '../../definite.ts'
import type { FallbackRequest } from '../policy.ts'
import { elsewhere } from './elsewhere.ts'
import { memoryLeases } from './memory-leases.ts'

function opened() {
  const leases = memoryLeases()
  return { leases, cleanUp: vi.spyOn(leases, 'cleanUp'), policy: elsewhere('database', leases, { decisive: true }) }
}

const request = (changes: Partial<FallbackRequest> = {}): FallbackRequest => ({
  key: 'a',
  token: 'mine',
  ttlMs: 1000,
  waitMs: 0,
  signal: new AbortController().signal,
  failure: new Error('ECONNREFUSED'),
  again: () => Promise.resolve(null),
  report: () => {},
  ...changes,
})

test('one try, or as many as fit into the wait', async () => {
  const { leases, policy } = opened()
  await leases.take('a', 'theirs', 60, { stays: false })
  expect(await policy.acquire(request())).toBeNull()
  expect(await policy.acquire(request({ waitMs: 20 }))).toBeNull()
  expect(await policy.acquire(request({ waitMs: 5000 }))).toMatchObject({ token: 'mine' })
})

test('a failure is borne for as long as the call can wait', async () => {
  const { leases, policy } = opened()
  const take = vi.spyOn(leases, 'take')
  for (let time = 0; time < 2; time++) take.mockRejectedValueOnce(definite(new Error('starting up')))
  await expect(policy.acquire(request())).rejects.toMatchObject({ definite: true })
  expect(await policy.acquire(request({ waitMs: 5000 }))).toMatchObject({ token: 'mine' })
})

test('a failure that leaves it open is told, and cleaned up', async () => {
  const { leases, cleanUp, policy } = opened()
  vi.spyOn(leases, 'take').mockRejectedValueOnce(new Error('timeout'))
  await expect(policy.acquire(request())).rejects.not.toHaveProperty('definite')
  expect(cleanUp).toHaveBeenCalledWith('a', 'mine', expect.any(Number))
})

test('an answer that came after the end of its lease is no grant', async () => {
  const { leases, cleanUp, policy } = opened()
  vi.spyOn(leases, 'take').mockResolvedValueOnce({ taken: true, validUntilMs: performance.now() - 1 })
  await expect(policy.acquire(request())).rejects.toThrow('longer than the TTL')
  expect(cleanUp).toHaveBeenCalledOnce()
})

test('callers of one process come one after the other, and a cancelled one leaves', async () => {
  const { leases, policy } = opened()
  await leases.take('a', 'theirs', 5000, { stays: false })
  const cancel = new AbortController()
  const first = policy.acquire(request({ waitMs: 5000, signal: cancel.signal }))
  const second = policy.acquire(request({ waitMs: 5000, token: 'second' }))
  cancel.abort()
  expect(await first).toBeNull()
  await leases.release('a', 'theirs')
  expect(await second).toMatchObject({ token: 'second' })
})
