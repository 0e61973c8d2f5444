import { expect, test } from 'vitest'
import { definite } from '../../definite.ts'
import type { LockEvent } from '../events.ts'
import type { FallbackGrant, FallbackRequest } from '../policy.ts'
import { openQueue, QueueFullError, QueueTimeoutError } from './queue.ts'

const refused = () => definite(new Error('ECONNREFUSED'))
const grant = { token: 't', validUntilMs: 1 } as FallbackGrant

function request(again: FallbackRequest['again'], changes: Partial<FallbackRequest> = {}) {
  const events: LockEvent[] = []
  const { signal } = new AbortController()
  const given = { key: 'a', token: 't', ttlMs: 1000, waitMs: 0, signal, failure: refused(), again }
  return { events, ...given, report: (event: LockEvent) => void events.push(event), ...changes }
}

test('tries again until Redis answers, and tells each delay', async () => {
  let failures = 3
  const asked = request(async () => {
    if (failures-- > 0) throw refused()
    return grant
  })
  expect(await openQueue().acquire(asked)).toBe(grant)
  expect(asked.events.map(({ type }) => type)).toEqual(['queued', 'queued', 'queued', 'queued'])
})

test('a full queue says so at once, and has room again when one has left', async () => {
  const queue = openQueue({ queueLength: 1, queueMs: 200 })
  const first = queue.acquire(request(() => Promise.reject(refused())))
  const full = await queue.acquire(request(async () => grant)).catch((error: unknown) => error)
  expect(full).toBeInstanceOf(QueueFullError)
  expect(full).toMatchObject({ definite: true, cause: { message: 'ECONNREFUSED' } })
  await expect(first).rejects.toBeInstanceOf(QueueTimeoutError)
  expect(await queue.acquire(request(async () => grant))).toBe(grant)
})

test('out of time is definite only if every try was', async () => {
  const queue = openQueue({ queueMs: 150 })
  await expect(queue.acquire(request(() => Promise.reject(refused())))).rejects.toMatchObject({
    name: 'QueueTimeoutError',
    definite: true,
  })
  const doubtful = await queue
    .acquire(request(() => Promise.reject(new Error('Command timed out'))))
    .catch((error) => error)
  expect(doubtful).toBeInstanceOf(QueueTimeoutError)
  expect(doubtful).not.toHaveProperty('definite')
})

test('Redis is back but somebody else has it: contended', async () => {
  expect(await openQueue({ queueMs: 150 }).acquire(request(async () => null))).toBeNull()
})

test('a call that is cancelled leaves at once', async () => {
  const cancel = new AbortController()
  const queued = openQueue({ queueLength: 1, queueMs: 60_000 })
  const leaving = queued.acquire(request(() => Promise.reject(refused()), { signal: cancel.signal }))
  cancel.abort()
  await expect(leaving).rejects.toMatchObject({ name: 'AbortError' })
})
