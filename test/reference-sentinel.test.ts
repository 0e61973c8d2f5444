import type { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { stand } from './support/cluster.ts'
import { locksAt } from './support/locks-at.ts'
import { until } from './support/until.ts'

/** The failure modes that need a primary and its replica; see reference.test.ts. */

const key = 'stock:7'

test.each(['killed', 'stopped'] as const)(
  '3, 34: a %s primary is left as soon as Sentinel has another, by everybody who waits',
  async (how) => {
    await using up = await stand({ kind: 'sentinel', downAfterMs: 500 })
    await using first = await locksAt(up, 'server-1')
    await using second = await locksAt(up, 'server-2')
    let switchedMs = Infinity
    up.cluster.onSwitch(() => (switchedMs = performance.now()))
    const before = await first.acquire(key, { ttlMs: 1000 })
    // Before, Sentinel may not promote the replica.
    await until(async () => (await up.cluster.admin('redis-2').get(key)) !== null)
    const [primary] = up.cluster.redis
    await (how === 'killed' ? primary!.kill() : primary!.pause())
    const fences: string[] = []
    await Promise.all(
      [first, second, first, second].map(async (locks) => {
        await using lock = await locks.acquire(key, { ttlMs: 1000, waitMs: 50_000 })
        fences.push(lock.fence!)
        expect(await up.cluster.admin('redis-2').get(key)).toBe(lock.token)
      }),
    )
    // 39: also where the last fence did not reach the replica.
    expect(fences.map(Number)).toEqual(fences.map(Number).toSorted((a, b) => a - b))
    expect(Number(fences[0])).toBeGreaterThan(Number(before.fence))
    expect(performance.now() - switchedMs).toBeLessThan(5000)
    await before.release().catch(() => {})
    if (how === 'stopped') await primary!.resume()
  },
)

test('34: a client that is told of a second failover while it looks for the primary of the first comes back', async () => {
  await using up = await stand('sentinel')
  const clients: Redis[] = []
  await using locks = await locksAt(up, 'server-1', {}, (redis) => clients.push(redis))
  await Promise.all(
    clients.map(async (redis) => {
      const ended = new Promise<void>((resolve) => redis.once('end', () => resolve()))
      // What ioredis' failover detector does, and then once more in the middle of asking Sentinel.
      redis.once('connecting', () => process.nextTick(() => redis.disconnect(true)))
      redis.disconnect(true)
      await ended
    }),
  )
  expect(clients).toHaveLength(2)
  await until(async () => (await (await locks.tryAcquire(key, { ttlMs: 1000 }).catch(() => null))?.release()) ?? false)
})

test('1, 2, 35: with waitReplicas a grant that no replica has is none, definitely, and the lock is free again', async () => {
  await using up = await stand('sentinel')
  await using locks = await locksAt(up, 'server-1', { waitReplicas: 1, timeoutMs: 2000 })
  const lock = await locks.acquire(key, { ttlMs: 3000 })
  expect(await up.cluster.admin('redis-2').get(key)).toBe(lock.token)
  const next = locks.acquire(key, { ttlMs: 3000, waitMs: 10_000 })
  expect(await lock.release()).toBe(true)
  await (await next).release()

  await up.cluster.redis[1]!.pause()
  const refused = await locks.acquire(key, { ttlMs: 3000 }).catch((error: unknown) => error)
  expect(refused).toMatchObject({
    definite: true,
    message: 'waitReplicas is 1, but 0 replicas confirmed the lock within 1000 ms',
  })
  expect(await up.cluster.admin('redis-1').exists(key)).toBe(0)
  await up.cluster.redis[1]!.resume()
  await until(async () => {
    const again = await locks.tryAcquire(key, { ttlMs: 3000 }).catch(() => null)
    return (await again?.release()) ?? false
  })
})

test('with little patience a refusal is still definite: the WAIT is shorter than it by more than Redis is late', async () => {
  await using up = await stand('sentinel')
  await using locks = await locksAt(up, 'server-1', { waitReplicas: 2, timeoutMs: 300 })
  for (let round = 0; round < 5; round++)
    await expect(locks.acquire(key, { ttlMs: 3000 })).rejects.toMatchObject({
      definite: true,
      // Whether the one replica that there is confirms in that time is the machine's affair.
      message: expect.stringMatching(
        /^waitReplicas is 2, but (0 replicas|1 replica) confirmed the lock within 100 ms$/,
      ),
    })
  expect(await up.cluster.admin('redis-1').exists(key)).toBe(0)
})

test('more replicas than there are can never confirm, and that is said', async () => {
  await using up = await stand('sentinel')
  // A node that has nothing else to do ends a WAIT up to a tenth of a second late.
  await using locks = await locksAt(up, 'server-1', { waitReplicas: 2, timeoutMs: 1000 })
  await expect(locks.acquire(key, { ttlMs: 3000 })).rejects.toThrow('waitReplicas is 2, but 1 replica confirmed')
})
