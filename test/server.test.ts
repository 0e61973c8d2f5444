import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Event, OperationEvent } from '../src/history/event.ts'
import { UsageError } from '../src/lib/failure.ts'
import { openShop, type TestShop } from './support/shop.ts'

const scripted = './test/support/scripted-lock.mjs'
const workMs = { min: 0, max: 0 }
const order = (requestId: string, productId: number, quantity = 1) => ({ requestId, userId: 1, productId, quantity })
/** `acquire invoke`, … */
const story = (events: Event[]) => events.map(({ f, type }) => `${f} ${type}`)
const named = (events: Event[], requestId: string) => {
  const request = events.find((event) => event.f === 'request' && event.requestId === requestId)
  return events.filter((event) => event.process === request?.process)
}

describe('the door', () => {
  let shop: TestShop
  beforeAll(async () => {
    shop = await openShop({
      lock: scripted,
      lockOptions: {
        script: {
          'stock:2': 'contended',
          'stock:3': 'unavailable',
          'stock:4': 'indeterminate',
          'stock:5': 'lost',
          'stock:6': 'nonsense',
        },
      },
      workload: { kind: 'oversell', products: 6, stock: 5, workMs: { min: 30, max: 30 } },
    })
  })
  afterAll(() => shop[Symbol.asyncDispose]())

  test('201 done, then 200 for the same request id', async () => {
    expect(await shop.post(0, '/orders', order('a', 1))).toEqual({ status: 201, body: { outcome: 'done' } })
    expect(await shop.post(0, '/orders', order('a', 1))).toMatchObject({ status: 200, body: { outcome: 'repeated' } })
  })

  test.each([
    ['409 sold out', order('b', 1, 6), 409, 'refused'],
    ['409 a product that there is not', order('c', 7), 409, 'refused'],
    ['423 contended', order('d', 2), 423, 'contended'],
    ['503 unavailable', order('e', 3), 503, 'unavailable'],
    ['500 indeterminate', order('f', 4), 500, 'indeterminate'],
    ['500 abandoned', order('g', 5), 500, 'abandoned'],
    ['500 an acquire that answers nonsense', order('h', 6), 500, 'indeterminate'],
  ])('%s', async (_, body, status, outcome) => {
    expect(await shop.post(0, '/orders', body)).toMatchObject({ status, body: { outcome } })
  })

  test.each([
    ['no JSON', '{"requestId":', 'the body is not JSON'],
    ['no object', '[]', 'the body: Invalid input: expected object, received array'],
    [
      'a wrong type',
      { ...order('x', 1), productId: 'one' },
      'productId: Invalid input: expected number, received string',
    ],
    [
      'a missing field',
      { requestId: 'x', userId: 1, productId: 1 },
      'quantity: Invalid input: expected number, received undefined',
    ],
    ['nothing ordered', order('x', 1, 0), 'quantity: Too small: expected number to be >=1'],
  ])('400 with a sentence: %s', async (_, body, message) => {
    expect(await shop.post(0, '/orders', body)).toEqual({ status: 400, body: { message } })
  })

  test('404, 405, 413', async () => {
    expect(await shop.post(0, '/nowhere', {})).toMatchObject({
      status: 404,
      body: { message: 'there is no /nowhere here; there is /orders, /health, /metrics' },
    })
    expect(await shop.post(0, '/health', {})).toMatchObject({ status: 405 })
    expect(await shop.post(0, '/orders', ' '.repeat(70_000))).toMatchObject({ status: 413 })
  })

  test('health and metrics', async () => {
    const door = shop.fleet.servers[0]!.door
    expect(await (await fetch(`${door}/health`)).json()).toEqual({ server: 'server-1', lock: 'open' })
    const metrics = await (await fetch(`${door}/metrics`)).text()
    expect(metrics).toMatch(/picklock_requests_total\{outcome="done",server="server-1",guard="lock"\} 1/)
    expect(metrics).toMatch(/picklock_lock_calls_total\{call="contended",.*\} 1/)
    expect(metrics).toMatch(/picklock_locks_held\{.*\} 0/)
  })

  test('what was answered is what was recorded', async () => {
    await shop.fleet.servers[0]!.close()
    const events = await shop.history()
    const outcomes = events.flatMap((event) => (event.f === 'request' ? [`${event.requestId} ${event.outcome}`] : []))
    expect(outcomes).toEqual([
      'a done',
      'a repeated',
      'b refused',
      'c refused',
      'd contended',
      'e unavailable',
      'f indeterminate',
      'g abandoned',
      'h indeterminate',
    ])
    const errors = events.flatMap((event) =>
      event.f === 'acquire' && event.error !== undefined ? [`${event.type} ${event.error}`] : [],
    )
    expect(errors).toEqual([
      'fail contended',
      'fail unavailable: OOM command not allowed',
      'info Command timed out',
      'info acquire resolved to true, which is neither a grant (an object) nor null',
    ])
    expect(events.at(-1)).toMatchObject({ f: 'count', counts: { unhandled_errors: 0 }, lock: { jokes: 3 } })
    expect(await shop.damage()).toMatchObject({ entries: 1, duplicates: 0 })
  })
})

test('a whole order on a real Redis: its story in order, its times rising, its lock gone', async () => {
  await using shop = await openShop({ lock: 'set-nx', workload: { kind: 'oversell', workMs } })
  await shop.post(0, '/orders', order('one', 3))
  await shop.fleet.close()
  const events = named(await shop.history(), 'one')
  expect(story(events)).toEqual([
    'acquire invoke',
    'acquire ok',
    'work invoke',
    'work ok',
    'release invoke',
    'release ok',
    'request ok',
  ])
  const [invoke, granted, work, , release, , request] = events as OperationEvent[]
  expect(invoke).toMatchObject({ process: 'server-1/door-1', key: 'stock:3', ttlMs: 2700, waitMs: 5000 })
  expect(granted).toMatchObject({ op: invoke!.op, token: expect.any(String) as string })
  expect([work!.grant, release!.grant]).toEqual([invoke!.op, invoke!.op])
  expect(request).toMatchObject({ acquire: invoke!.op, outcome: 'done', requestId: 'one' })
  const times = events.map(({ t }) => t)
  expect(times).toEqual(times.toSorted((a, b) => a - b))
  const redis = new Redis({ host: shop.redis.host, port: shop.redis.port, password: shop.endpoints.password })
  expect(await redis.keys('*')).toEqual([])
  redis.disconnect()
})

test('a lost lock: the work is abandoned before the write, unless the shop does not listen', async () => {
  const workload = { kind: 'oversell', workMs: { min: 30, max: 30 } }
  const lock = { lock: scripted, lockOptions: { script: { 'stock:1': 'lost' } } }
  await using obedient = await openShop({ ...lock, workload })
  expect(await obedient.post(0, '/orders', order('a', 1))).toMatchObject({ body: { outcome: 'abandoned' } })
  await obedient.fleet.close()
  const events = await obedient.history()
  expect(story(named(events, 'a'))).toEqual([
    'acquire invoke',
    'acquire ok',
    'work invoke',
    'lost info',
    'work fail',
    'release invoke',
    'release ok',
    'request fail',
  ])
  expect((await obedient.damage()).entries).toBe(0)

  await using deaf = await openShop({ ...lock, workload: { ...workload, obeysLost: false } })
  expect(await deaf.post(0, '/orders', order('a', 1))).toMatchObject({ body: { outcome: 'done' } })
})

test('work that outlasts half of the lease extends it; a refused extension makes it give up', async () => {
  await using shop = await openShop({
    lock: scripted,
    ttlMs: 1000,
    lockOptions: { script: { 'stock:1': 'bare', 'stock:2': 'refusing' } },
    workload: { kind: 'oversell', workMs: { min: 700, max: 700 } },
  })
  const answers = await Promise.all([shop.post(0, '/orders', order('a', 1)), shop.post(0, '/orders', order('b', 2))])
  expect(answers.map(({ body }) => body['outcome'])).toEqual(['done', 'abandoned'])
  await shop.fleet.close()
  const events = await shop.history()
  const extensions = events.flatMap((event) => (event.f === 'extend' ? [`${event.key} ${event.type}`] : []))
  expect(extensions).toEqual(['stock:2 invoke', 'stock:2 fail', 'stock:1 invoke', 'stock:1 ok'])
})

test.each(['server', 'http'] as const)(
  'a double click reaches the other server at the same moment (via %s)',
  async (via) => {
    await using shop = await openShop({
      servers: 2,
      lock: 'set-nx',
      workload: { kind: 'oversell', products: 3, stock: 1000, workMs, resubmit: 1 },
      load: { executor: 'shared-iterations', vus: 4, iterations: 20, via },
    })
    await shop.fleet.load(60_000)
    await shop.fleet.close()
    const requests = (await shop.history()).filter((event) => event.f === 'request')
    expect(requests.length).toBe(40)
    const byId = Map.groupBy(requests, ({ requestId }) => requestId)
    expect(byId.size).toBe(20)
    for (const pair of byId.values()) {
      expect(new Set(pair.map(({ process }) => process.split('/')[0]))).toEqual(new Set(['server-1', 'server-2']))
      expect(pair.map(({ outcome }) => outcome).toSorted()).toEqual(['done', 'repeated'])
      expect(pair[0]!.intendedNs).toBe(pair[1]!.intendedNs)
    }
    expect(await shop.damage()).toMatchObject({ entries: 20, duplicates: 0, lost_updates: 0 })
    expect(shop.fleet.progress()).toMatchObject({ requests: 40, acquired: 40, releasing: 40, holding: [] })
  },
)

test('the same seed asks for the same, however many servers there are', async () => {
  const asked = async (servers: number) => {
    await using shop = await openShop({
      servers,
      lock: scripted,
      workload: { kind: 'mutex', keys: 1000, workMs },
      load: { executor: 'shared-iterations', vus: 4, iterations: 50 },
      seed: 7,
    })
    await shop.fleet.load(60_000)
    await shop.fleet.close()
    return (await shop.history())
      .flatMap((event) => (event.f === 'request' ? [`${event.requestId} ${event.key}`] : []))
      .toSorted()
  }
  expect(await asked(1)).toEqual(await asked(3))
})

test('what the lock throws outside of any call is counted and recorded, and the server goes on', async () => {
  await using shop = await openShop({
    lock: scripted,
    lockOptions: { script: { 'mutex:1': 'astray' } },
    workload: { kind: 'mutex', workMs: { min: 5, max: 5 } },
    load: { executor: 'shared-iterations', vus: 1, iterations: 2 },
  })
  await shop.fleet.load(60_000)
  await shop.fleet.close()
  const events = await shop.history()
  expect(events.filter((event) => event.f === 'request').map(({ outcome }) => outcome)).toEqual(['done', 'done'])
  const thrown = events.flatMap((event) => (event.f === 'adapter' ? [String(event.error)] : []))
  expect(thrown.toSorted()).toEqual([
    'unhandled: Error: rejected outside of any call',
    'unhandled: Error: rejected outside of any call',
    'unhandled: Error: thrown outside of any call',
    'unhandled: Error: thrown outside of any call',
  ])
  expect(events.at(-1)).toMatchObject({ f: 'count', counts: { unhandled_errors: 4 } })
})

test('kill -9 of a server loses at most one turn of its history', async () => {
  const vus = 8
  const journal = join(tmpdir(), `picklock-journal-${process.pid}`)
  onTestFinished(() => rmSync(journal, { force: true }))
  await using shop = await openShop({
    lock: scripted,
    lockOptions: { journal },
    workload: { kind: 'mutex', workMs },
    load: { executor: 'constant-vus', vus, duration: '20s' },
  })
  const load = shop.fleet.load(60_000)
  while (shop.fleet.progress().acquired < 2000) await sleep(5)
  process.kill(shop.fleet.servers[0]!.pid!, 'SIGKILL')
  await load
  const acquired = readFileSync(journal).length
  const recorded = (await shop.history()).filter((event) => event.f === 'acquire' && event.type === 'invoke').length
  expect(recorded).toBeGreaterThan(1000)
  // Each user acquires once a turn.
  expect(acquired - recorded).toBeLessThanOrEqual(vus)
})

test('stop begins nothing new, and the load is over', async () => {
  await using shop = await openShop({
    lock: scripted,
    workload: { kind: 'mutex', workMs: { min: 1, max: 1 } },
    load: { executor: 'constant-vus', vus: 2, duration: '60s' },
  })
  const load = shop.fleet.load(60_000)
  while (shop.fleet.progress().requests < 10) await sleep(5)
  shop.fleet.stop(0)
  await load
  await shop.fleet.close()
  const events = await shop.history()
  expect(events.at(-1)).toMatchObject({ f: 'count' })
})

test('guard: fenced needs a lock that gives fences; the message is the user’s', async () => {
  const opening = openShop({ lock: 'set-nx', workload: { kind: 'oversell', guard: 'fenced' } })
  await expect(opening).rejects.toThrow(UsageError)
  await expect(opening).rejects.toThrow(
    'the lock set-nx gives no fences (capabilities.fencing), which guard: fenced needs',
  )
})

test('a server whose controller is gone ends at once', async () => {
  const server = fork('src/server/main.ts', { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
  await once(server, 'spawn')
  await sleep(200)
  const exit = once(server, 'exit')
  server.disconnect()
  await exit
})
