import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createLocks } from '../src/locks/reference/locks.ts'
import { stand, type Stand } from './support/cluster.ts'
import { locksAt } from './support/locks-at.ts'
import { startRedis } from './support/redis.ts'

/** The failure modes that need independent nodes; see reference.test.ts. */

const key = 'stock:7'

const keysOf = ({ cluster }: Stand) =>
  Promise.all(cluster.redis.map(async ({ name }) => (await cluster.admin(name).get(key)) ?? undefined))

test('5: a node that came back empty gives no votes until what it forgot has run out', async () => {
  await using up = await stand('redlock')
  const [, second, third] = up.cluster.redis
  await third!.kill()
  // The nodes are young: whoever is on guard from the start waits for all of them.
  await using holder = await locksAt(up, 'server-1')
  const lock = await holder.acquire(key, { ttlMs: 10_000 })
  await second!.kill()
  await second!.restart({ keepData: false })
  await third!.restart({ keepData: false })

  await using guarded = await locksAt(up, 'server-2', { restartGuardMs: 10_000 })
  const refused = await guarded.acquire(key, { ttlMs: 1000, waitMs: 200 }).catch((error: unknown) => error)
  expect(refused).toMatchObject({ message: expect.stringContaining('gives no votes yet') })
  // Without the guard the two empty nodes are a majority: this is what it is for.
  await using careless = await locksAt(up, 'server-2')
  await (await careless.acquire(key, { ttlMs: 1000, waitMs: 2000 })).release()
  await lock.release().catch(() => {})
})

test('17: a failed vote leaves nothing on any node', async () => {
  await using up = await stand('redlock')
  await using locks = await locksAt(up, 'server-1')
  for (const { name } of up.cluster.redis.slice(1)) await up.cluster.admin(name).set(key, 'other', 'PX', 60_000)
  expect(await locks.tryAcquire(key, { ttlMs: 5000, waitMs: 150 })).toBeNull()
  expect(await keysOf(up)).toEqual([undefined, 'other', 'other'])
})

test('an extension needs a majority that still has it', async () => {
  await using up = await stand('redlock')
  await using locks = await locksAt(up, 'server-1')
  const lock = await locks.acquire(key, { ttlMs: 5000 })
  await up.cluster.admin('redis-1').del(key)
  expect(await lock.extend()).toBe(true)
  await up.cluster.admin('redis-2').del(key)
  expect(await lock.extend()).toBe(false)
  expect(lock.lost.aborted).toBe(true)
  // Nothing was brought back on the others.
  expect((await keysOf(up)).slice(0, 2)).toEqual([undefined, undefined])
  await lock.release()
})

test('30: split votes end, on an even number of nodes as well', async () => {
  const nodes = await Promise.all(Array.from({ length: 4 }, () => startRedis()))
  const redis = nodes.map(({ port }) => `redis://127.0.0.1:${port}`)
  const shops = Array.from({ length: 4 }, () => createLocks({ redis }))
  await Promise.all(shops.map(({ ready }) => ready))
  let inside = 0
  for (let round = 0; round < 10; round++)
    await Promise.all(
      shops.map(async (locks) => {
        await using _lock = await locks.acquire(key, { ttlMs: 5000, waitMs: 20_000 })
        expect(++inside).toBe(1)
        await sleep(2)
        inside--
      }),
    )
  await Promise.all(shops.map((locks) => locks.close()))
  await Promise.all(nodes.map((node) => node[Symbol.asyncDispose]()))
})

test('37: with one node stopped the others go on', async () => {
  await using up = await stand('redlock')
  await using first = await locksAt(up, 'server-1')
  await using second = await locksAt(up, 'server-2')
  await up.cluster.redis[0]!.pause()
  let inside = 0
  await Promise.all(
    [first, second, first, second, first, second].map(async (locks) => {
      await using _lock = await locks.acquire(key, { ttlMs: 5000, waitMs: 30_000 })
      expect(++inside).toBe(1)
      await sleep(2)
      inside--
    }),
  )
  await up.cluster.redis[0]!.resume()
})
