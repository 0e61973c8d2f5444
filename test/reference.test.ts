import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { createLocks, type LockEvent, type Locks, type LocksOptions } from '../src/locks/reference/locks.ts'
import { startProxy } from './support/proxy.ts'
import { startRedis, type TestRedis } from './support/redis.ts'

/**
 * The reference lock on one Redis, by the ways in which locks of its kind are known to fail; the numbers are those of the list of failure
 * modes that the lock was built against. Those with servers of their own are in reference-sentinel and reference-quorum, those that all
 * locks share in locks.test.ts, those of the pure parts beside the code.
 *
 * Left out: 6 a stepped clock takes any key with a TTL, and the holder does not learn of it in time (the fence is the answer); 15 and 20 are
 * of reentrant locks. 29 is looked for after each test. 40 cannot be: what the fallback keeps in Postgres are rows and no session's locks
 * (postgres-leases.test.ts).
 */

let redis: TestRedis
const unhandled: unknown[] = []
const onUnhandled = (reason: unknown) => void unhandled.push(reason)
beforeAll(async () => {
  redis = await startRedis()
  process.on('unhandledRejection', onUnhandled)
})
afterAll(async () => {
  process.off('unhandledRejection', onUnhandled)
  await redis[Symbol.asyncDispose]()
})
beforeEach(async () => {
  await redis.admin.flushall()
  await redis.admin.config('SET', 'maxmemory', '0')
})
// 29
afterEach(() => expect(unhandled.splice(0)).toEqual([]))

const key = 'stock:7'
const url = (port: number) => `redis://127.0.0.1:${port}`

async function shop(options: Partial<LocksOptions> = {}): Promise<Locks> {
  const locks = createLocks({ redis: url(redis.port), ...options })
  await locks.ready
  // The subscriber may be a moment later than the rest.
  await expect.poll(() => locks.acquire('warm', { ttlMs: 1000 }).then((lock) => lock.release())).toBe(true)
  return locks
}

async function scripts(): Promise<number> {
  return Number(/cmdstat_evalsha:calls=(\d+)/.exec(await redis.admin.info('commandstats'))?.[1] ?? 0)
}

test('a block holds, and gives back', async () => {
  await using locks = await shop()
  {
    await using lock = await locks.acquire(key, { ttlMs: 3000, waitMs: 100 })
    expect(await redis.admin.get(key)).toBe(lock.token)
    expect(lock.fence).toMatch(/^\d{16}$/)
    expect(lock.validForMs).toBeGreaterThan(2000)
    expect(await locks.tryAcquire(key, { ttlMs: 3000 })).toBeNull()
    await expect(locks.acquire(key, { ttlMs: 3000 })).rejects.toMatchObject({ name: 'ContendedError', definite: true })
  }
  expect(await redis.admin.exists(key)).toBe(0)
})

test.each([
  [{ ttlMs: 0 }, /ttlMs must be a whole number from 10 to 10000, not 0/],
  [{ ttlMs: -1 }, /not -1/],
  [{ ttlMs: NaN }, /not NaN/],
  [{ ttlMs: 10_001 }, /not 10001: who needs a lock for longer has it renewed/],
  [{ ttlMs: '3000' as unknown as number }, /not "3000"/],
  [{ ttlMs: 3000, waitMs: -1 }, /waitMs/],
])('acquire with %j is refused with a sentence', async (options, sentence) => {
  await using locks = createLocks({ redis: url(redis.port) })
  await expect(locks.acquire(key, options)).rejects.toThrow(sentence)
})

test.each([
  ['', /a lock's key must be a text that is not empty, not ""/],
  [7 as unknown as string, /not 7/],
])('so is the key %j', async (bad, sentence) => {
  await using locks = createLocks({ redis: url(redis.port) })
  await expect(locks.acquire(bad, { ttlMs: 3000 })).rejects.toThrow(sentence)
})

test.each([
  [{ redis: [] }, /redis must say where Redis is/],
  [{ redis: ['redis://a', 'redis://b'] }, /a quorum needs three nodes/],
  [{ redis: 'redis://a', timeoutMs: 0 }, /timeoutMs must be a whole number from 1/],
  [{ redis: ['a', 'b', 'c'], waitReplicas: 1 }, /not for a quorum/],
  [{ redis: 'redis://a', fallback: 'hope' as 'queue' }, /there is no fallback "hope"/],
])('and createLocks(%j)', (options, sentence) => {
  expect(() => createLocks(options as LocksOptions)).toThrow(sentence)
})

test('7: a holder that was stopped for longer than its TTL sees at once that it lost', async () => {
  await using locks = await shop()
  const lock = await locks.acquire(key, { ttlMs: 200 })
  const { lost } = lock
  expect(lost.aborted).toBe(false)
  const untilMs = performance.now() + 400
  while (performance.now() < untilMs);
  expect(lock.validForMs).toBe(0)
  expect(lock.lost.aborted).toBe(true)
  expect(lost.reason).toMatchObject({ name: 'LockLostError', reason: 'expiring' })
  expect(await lock.extend()).toBe(false)
})

test('8: a grant whose reply comes after its TTL is none, and is taken back', async () => {
  await using locks = await shop()
  await redis.admin.client('PAUSE', 400)
  await expect(locks.acquire(key, { ttlMs: 300 })).rejects.toThrow(/took longer than the TTL/)
  await expect.poll(() => redis.admin.exists(key), { timeout: 5000 }).toBe(0)
})

test('9: a lost lease is not brought back', async () => {
  await using locks = await shop()
  await using others = await shop()
  const lock = await locks.acquire(key, { ttlMs: 3000, renew: false })
  await redis.admin.del(key)
  await (await others.acquire(key, { ttlMs: 3000 })).release()
  expect(await lock.extend()).toBe(false)
  expect(lock.lost.reason).toMatchObject({ reason: 'taken' })
  expect(await redis.admin.exists(key)).toBe(0)
  expect(await lock.release()).toBe(false)
})

test('11: locks nest, each key with its own', async () => {
  await using locks = await shop()
  const names = Array.from({ length: 200 }, (_, index) => `stock:${index}`)
  const held = await Promise.all(names.map((name) => locks.acquire(name, { ttlMs: 5000, waitMs: 1000 })))
  expect(new Set(held.map(({ token }) => token)).size).toBe(200)
  expect(await redis.admin.exists(...names)).toBe(200)
  await Promise.all(held.map((lock) => lock.release()))
  expect(await redis.admin.exists(...names)).toBe(0)
})

test('12: an evicted lock is told to its holder at the next renewal, and what he still writes has the lower fence', async () => {
  await using locks = await shop()
  const lock = await locks.acquire(key, { ttlMs: 600 })
  const { lost } = lock
  await redis.admin.config('SET', 'maxmemory-policy', 'allkeys-random')
  await redis.admin.config('SET', 'maxmemory', '1')
  await expect.poll(() => redis.admin.exists(key)).toBe(0)
  await redis.admin.config('SET', 'maxmemory-policy', 'noeviction')
  await redis.admin.config('SET', 'maxmemory', '0')
  await using next = await locks.acquire(key, { ttlMs: 600, waitMs: 5000 })
  await expect.poll(() => lost.aborted).toBe(true)
  expect(BigInt(next.fence!)).toBeGreaterThan(BigInt(lock.fence!))
  expect(await lock.release()).toBe(false)
  expect(await redis.admin.get(key)).toBe(next.token)
})

test('13: out of memory, a holder can renew, hand over and release', async () => {
  await using locks = await shop()
  const lock = await locks.acquire(key, { ttlMs: 3000 })
  const next = locks.acquire(key, { ttlMs: 3000, waitMs: 10_000 })
  await redis.admin.config('SET', 'maxmemory', '1')
  expect(await lock.extend(8000)).toBe(true)
  expect(await redis.admin.pttl(key)).toBeGreaterThan(4000)
  expect(await lock.release()).toBe(true)
  expect(await redis.admin.exists(key)).toBe(0)
  await redis.admin.config('SET', 'maxmemory', '0')
  expect(await (await next).release()).toBe(true)
})

test('14: a waiter is granted a whole lease, however long it waited', async () => {
  await using locks = await shop()
  await using others = await shop()
  const held = await others.acquire(key, { ttlMs: 900, renew: true })
  const waiting = Array.from({ length: 3 }, () => locks.acquire(key, { ttlMs: 300, waitMs: 20_000, renew: false }))
  await sleep(700)
  await held.release()
  for (const each of waiting) {
    const lock = await each
    expect(lock.validForMs).toBeGreaterThan(0)
    expect(await redis.admin.get(key)).toBe(lock.token)
    await lock.release()
  }
})

test('18: nothing is sent later than it was asked for: after an outage no key appears', async () => {
  await using proxy = await startProxy(redis.port)
  await using locks = await shop({ redis: url(proxy.port), timeoutMs: 150 })
  proxy.eatReplies('silence')
  const calls = Array.from({ length: 20 }, (_, index) =>
    locks.acquire(`stock:${index}`, { ttlMs: 10_000, waitMs: 300 }),
  )
  const outcomes = await Promise.allSettled(calls)
  expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true)
  proxy.pass()
  await expect.poll(async () => (await redis.admin.keys('stock:*')).length, { timeout: 8000 }).toBe(0)
})

test('19: every call settles, whatever becomes of the connection', async () => {
  await using proxy = await startProxy(redis.port)
  await using locks = await shop({ redis: url(proxy.port), timeoutMs: 200 })
  const call = async (_: unknown, index: number) => {
    await sleep(index * 10)
    const lock = await locks.acquire(`stock:${index % 3}`, { ttlMs: 1000, waitMs: 1000 })
    await sleep(5)
    return lock.release()
  }
  const all = Promise.allSettled(Array.from({ length: 60 }, call))
  for (const how of ['close', 'silence', 'close'] as const) {
    await sleep(100)
    proxy.eatReplies(how)
    await sleep(100)
    proxy.pass()
  }
  expect(await all).toHaveLength(60)
})

test('21: a lease counts from its own try, not from the first one', async () => {
  await using locks = await shop()
  await using others = await shop()
  const held = await others.acquire(key, { ttlMs: 5000 })
  const waiting = locks.acquire(key, { ttlMs: 1000, waitMs: 20_000 })
  await sleep(1200)
  await held.release()
  expect((await waiting).validForMs).toBeGreaterThan(500)
})

test('22, 23, 24: renewal survives a cut, does not storm, and ends with the release', async () => {
  const events: LockEvent[] = []
  await using locks = await shop({ onEvent: (event) => void events.push(event) })
  const before = await scripts()
  const lock = await locks.acquire(key, { ttlMs: 600 })
  await sleep(300)
  await redis.admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
  await sleep(1500)
  expect(lock.lost.aborted).toBe(false)
  expect(await redis.admin.get(key)).toBe(lock.token)
  expect(await lock.release()).toBe(true)
  expect((await scripts()) - before).toBeLessThan(40)
  const renewals = locks.counters().renewed
  expect(renewals).toBeGreaterThan(2)
  await sleep(700)
  expect(locks.counters().renewed).toBe(renewals)
  expect(events.some(({ type }) => type === 'lost')).toBe(false)
})

test('25: a release at the moment of a renewal is no loss', async () => {
  await using locks = await shop()
  for (let round = 0; round < 20; round++) {
    const lock = await locks.acquire(key, { ttlMs: 30, waitMs: 1000 })
    const { lost } = lock
    await sleep(10)
    if (lost.aborted) continue
    await lock.release()
    await sleep(2)
    expect(lost.aborted).toBe(false)
  }
})

test('26: a call that is cancelled leaves nothing, and those behind it get the lock', async () => {
  await using locks = await shop()
  await using others = await shop()
  const held = await others.acquire(key, { ttlMs: 10_000 })
  const cancel = new AbortController()
  const waiting = locks.acquire(key, { ttlMs: 5000, waitMs: 60_000, signal: cancel.signal })
  await sleep(50)
  const cancelledMs = performance.now()
  cancel.abort(new Error('the customer left'))
  await expect(waiting).rejects.toThrow('the customer left')
  expect(performance.now() - cancelledMs).toBeLessThan(100)
  const behind = others.acquire(key, { ttlMs: 5000, waitMs: 5000 })
  await held.release()
  await (await behind).release()
  expect(await redis.admin.exists(key)).toBe(0)
})

test('27: the release of a lease that ran out is one answer', async () => {
  await using locks = await shop()
  const lock = await locks.acquire(key, { ttlMs: 50, renew: false })
  await sleep(120)
  const before = await scripts()
  expect(await lock.release()).toBe(false)
  expect((await scripts()) - before).toBe(1)
})

test('31: a wake-up that never comes costs half a second, not the rest of the TTL', async () => {
  await using locks = await shop()
  await using others = await shop()
  const held = await others.acquire(key, { ttlMs: 10_000 })
  const waiting = locks.acquire(key, { ttlMs: 5000, waitMs: 20_000 })
  await expect.poll(() => redis.admin.llen(`picklock:line:${key}`)).toBe(1)
  await redis.admin.del(`picklock:line:${key}`)
  await held.release()
  const freeMs = performance.now()
  await (await waiting).release()
  expect(performance.now() - freeMs).toBeLessThan(3000)
})

test('31: so does a subscriber connection that dies', async () => {
  await using locks = await shop()
  await using others = await shop()
  for (let round = 0; round < 5; round++) {
    const held = await others.acquire(key, { ttlMs: 10_000, waitMs: 5000 })
    const waiting = locks.acquire(key, { ttlMs: 5000, waitMs: 20_000 })
    await sleep(30)
    await redis.admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
    await held.release()
    const freeMs = performance.now()
    await (await waiting).release()
    expect(performance.now() - freeMs).toBeLessThan(3000)
  }
})

test('32: one subscription per process, whatever the number of keys', async () => {
  await using locks = await shop()
  await using others = await shop()
  const names = Array.from({ length: 100 }, (_, index) => `stock:${index}`)
  const held = await Promise.all(names.map((name) => others.acquire(name, { ttlMs: 10_000, waitMs: 1000 })))
  const waiting = names.map((name) => locks.acquire(name, { ttlMs: 10_000, waitMs: 10_000 }))
  await sleep(100)
  expect(await redis.admin.pubsub('CHANNELS', '*')).toHaveLength(2)
  await Promise.all(held.map((lock) => lock.release()))
  for (const each of waiting) await (await each).release()
  expect(await redis.admin.pubsub('CHANNELS', '*')).toHaveLength(2)
  expect(await redis.admin.keys('*')).toEqual(['picklock:fence'])
})

test('33: a dead process at the head of the line holds nobody up, and a stopped one not for long', async () => {
  await using locks = await shop()
  await using others = await shop()
  const stopped = redis.admin.duplicate()
  await stopped.subscribe('picklock:turn:stopped')
  for (const head of ['dead', 'stopped']) {
    const held = await others.acquire(key, { ttlMs: 10_000, waitMs: 5000 })
    await redis.admin.lpush(`picklock:line:${key}`, head)
    const waiting = locks.acquire(key, { ttlMs: 5000, waitMs: 20_000 })
    await expect.poll(() => redis.admin.llen(`picklock:line:${key}`)).toBe(2)
    await held.release()
    const freeMs = performance.now()
    await (await waiting).release()
    expect(performance.now() - freeMs).toBeLessThan(3000)
  }
  stopped.disconnect()
})

test('36: two hundred callers in two processes: few requests, even shares', async () => {
  await using locks = await shop()
  await using others = await shop()
  const before = await scripts()
  const order: Locks[] = []
  let inside = 0
  await Promise.all(
    Array.from({ length: 200 }, async (_, index) => {
      const mine = index % 2 === 0 ? locks : others
      await using _lock = await mine.acquire(key, { ttlMs: 5000, waitMs: 60_000 })
      expect(++inside).toBe(1)
      order.push(mine)
      await sleep(2)
      inside--
    }),
  )
  expect((await scripts()) - before).toBeLessThan(300)
  const share = order.slice(0, 100).filter((each) => each === locks).length
  expect(share).toBeGreaterThan(30)
  expect(share).toBeLessThan(70)
})

test('a key prefix of the client is a part of all names, and of the turns', async () => {
  const redisAt = { port: redis.port, host: '127.0.0.1', keyPrefix: 'shop:' }
  await using locks = await shop({ redis: redisAt })
  await using others = await shop({ redis: redisAt })
  const lock = await locks.acquire(key, { ttlMs: 5000 })
  expect(await redis.admin.get(`shop:${key}`)).toBe(lock.token)
  const next = others.acquire(key, { ttlMs: 5000, waitMs: 4000 })
  await expect.poll(() => redis.admin.llen(`shop:picklock:line:${key}`)).toBe(1)
  const before = await scripts()
  await lock.release()
  await (await next).release()
  // It was called; nobody had to ask again and again, and nobody passed the turn on.
  expect((await scripts()) - before).toBe(3)
  expect(await redis.admin.exists('shop:picklock:fence')).toBe(1)
})

test('38, 39: all that stays is one fence, which outlives the keys', async () => {
  await using locks = await shop()
  const fences: number[] = []
  for (let index = 0; index < 50; index++) {
    const lock = await locks.acquire(`stock:${index % 5}`, { ttlMs: 100 })
    expect(await redis.admin.pttl(lock.key)).toBeGreaterThan(0)
    fences.push(Number(lock.fence))
    if (index % 2 === 0) await lock.release()
    else await redis.admin.del(lock.key)
    if (index === 25) await redis.admin.flushall()
  }
  expect(fences).toEqual([...new Set(fences)].toSorted((a, b) => a - b))
  await expect.poll(() => redis.admin.keys('*'), { timeout: 8000 }).toEqual(['picklock:fence'])
})

test('READONLY is recovered from (4)', async () => {
  await using locks = await shop()
  await redis.admin.replicaof('127.0.0.1', '1')
  await expect(locks.acquire(key, { ttlMs: 1000 })).rejects.toMatchObject({ definite: true, message: /READONLY/ })
  const waiting = locks.acquire(key, { ttlMs: 1000, waitMs: 10_000 })
  await sleep(100)
  await redis.admin.replicaof('NO', 'ONE')
  expect(await (await waiting).release()).toBe(true)
})

test('what happened is counted, and a hook that throws breaks nothing', async () => {
  await using locks = await shop({
    onEvent: () => {
      throw new Error('the hook is broken')
    },
  })
  const lock = await locks.acquire(key, { ttlMs: 3000 })
  await locks.tryAcquire(key, { ttlMs: 3000, waitMs: 20 })
  await lock.release()
  expect(locks.counters()).toMatchObject({ acquired: 2, contended: 1, released: 2, lost: 0, fallbacks: 0 })
})

test('closing ends the waiting', async () => {
  await using others = await shop()
  const held = await others.acquire(key, { ttlMs: 5000 })
  const locks = await shop()
  const waiting = locks.acquire(key, { ttlMs: 5000, waitMs: 60_000 })
  const refused = expect(waiting).rejects.toMatchObject({ definite: true })
  await locks.close()
  await refused
  await expect(locks.acquire(key, { ttlMs: 5000 })).rejects.toMatchObject({ definite: true })
  await held.release()
  await expect.poll(() => redis.admin.pubsub('CHANNELS', '*')).toHaveLength(1)
})

test('the README shows what one gets', async () => {
  const root = resolve(import.meta.dirname, '..')
  const readme = await readFile(resolve(root, 'README.md'), 'utf8')
  const [, snippet] = /```ts\n(import \{ createLocks \} from 'picklock\/reference'.*?)```/s.exec(readme)!
  // The package's own name leads to what is built (test/package.test.ts); here it is the source that is meant.
  const source = JSON.stringify(resolve(root, 'src/locks/reference/locks.ts'))
  const program = snippet!.replace("'picklock/reference'", source).replace('redis://127.0.0.1:6379', url(redis.port))
  const node = promisify(execFile)(process.execPath, ['--input-type=module-typescript', '-e', program], { cwd: root })
  expect((await node).stdout).toMatch(/^\d{16} 2\d{3} false\n$/)
})
