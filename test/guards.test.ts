import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Ledger } from '../src/ledger/ledger.ts'
import { openLedger } from '../src/ledger/postgres.ts'
import { openDatabase, type Database } from '../src/server/database.ts'
import coupon from '../src/workloads/coupon.ts'
import { openShelf, shelfClient, type Shelf } from '../src/workloads/guards/shelf.ts'
import oversell from '../src/workloads/oversell.ts'
import points from '../src/workloads/points.ts'
import type { WorkContext, Workload, WorkOutcome, WorkRequest } from '../src/workloads/workload.ts'
import { startRedis, type TestRedis } from './support/redis.ts'
import { until } from './support/until.ts'

let ledger: Ledger
let redis: TestRedis
let db: Database
let schemas = 0
let schema: string

beforeAll(async () => {
  ledger = await openLedger({ cacheFolder: join(import.meta.dirname, '../.cache'), log() {} })
  redis = await startRedis()
})
afterAll(async () => {
  await ledger[Symbol.asyncDispose]()
  await redis[Symbol.asyncDispose]()
})
beforeEach(async () => {
  await db?.[Symbol.asyncDispose]()
  schema = `drill_${++schemas}`
  await ledger.prepare({ schema, products: 1, stock: 3, coupons: 1, limit: 3, accounts: 1, balance: 3 })
  db = await openDatabase({ url: ledger.url, schema }, 'server-1')
  await redis.admin.flushall()
})
afterAll(() => db[Symbol.asyncDispose]())

/** The ledger can be read and takes no entry, until the function that this resolves to is called. */
async function copiesWait(): Promise<() => Promise<void>> {
  const client = new pg.Client({ connectionString: ledger.url })
  await client.connect()
  await client.query('BEGIN')
  for (const table of ['orders', 'issues', 'deductions'])
    await client.query(`LOCK TABLE ${schema}.${table} IN EXCLUSIVE MODE`)
  return async () => {
    await client.query('COMMIT')
    await client.end()
  }
}

/** One request of a trade; `meanwhile` happens between its look and its write. */
type Ask = (by: string, more?: More, meanwhile?: () => Promise<unknown>) => Promise<WorkOutcome>
type More = Partial<Pick<WorkContext<unknown>, 'fence' | 'waitMs' | 'shelf'>>

function trade<Options>(workload: Workload<Options>, requestOf: (by: string) => WorkRequest) {
  const asking =
    (guard: string): Ask =>
    (by, more = {}, meanwhile = async () => {}) => {
      const request = requestOf(by)
      return workload.run({
        request,
        key: workload.key(request),
        options: workload.options.parse({ guard }),
        waitMs: 10_000,
        fence: undefined,
        db,
        shelf: undefined,
        abandoned: () => false,
        work: async () => void (await meanwhile()),
        ...more,
      })
    }
  return { kind: workload.kind, key: workload.key(requestOf('a')), asking }
}

const trades = [
  trade(oversell, (by) => ({ requestId: by, userId: 1, productId: 1, quantity: 1 })),
  trade(coupon, (by) => ({ requestId: by, userId: by.charCodeAt(0), couponId: 1 })),
  trade(points, (by) => ({ requestId: by, userId: 1, amount: 1 })),
]

describe.each(trades)('$kind', ({ asking }) => {
  test('fenced: an older holder that wakes up is refused, whether it read before or after', async () => {
    const ask = asking('fenced')
    // The holder of fence 1 pauses after its read; the holder of fence 2 does all of its work in between.
    expect(await ask('a', { fence: '1' }, () => ask('b', { fence: '2' }))).toBe('refused')
    // The holder of fence 3 has read; the paused holder of fence 2 writes now, and must not.
    let late: string | undefined
    const overtaken = async () => (late = await ask('d', { fence: '2' }))
    expect(await ask('c', { fence: '3' }, overtaken)).toBe('done')
    expect(late).toBe('refused')
    expect(await ledger.damage(schema)).toMatchObject({
      entries: 2,
      lost_updates: 0,
      stale_writes_refused: 2,
      stale_writes_accepted: 0,
    })
  })

  test('optimistic: who was overtaken reads again, and does not write what he computed before', async () => {
    const ask = asking('optimistic')
    let times = 0
    const overtaken = async () => ++times === 1 && ask('b')
    expect(await ask('a', {}, overtaken)).toBe('done')
    expect(times).toBe(2)
    expect(await ask('c')).toBe('done')
    expect(await ask('d')).toBe('refused')
    expect(await ask('a')).toBe('repeated')
    expect(await ledger.damage(schema)).toMatchObject({ entries: 3, duplicates: 0, oversold: 0, lost_updates: 0 })
  })

  test('pessimistic: who comes second waits for the row, and reads what the first has written', async () => {
    const ask = asking('pessimistic')
    const others: Promise<WorkOutcome>[] = []
    const overtaking = async () => {
      others.push(ask('b'), ask('a'))
      expect(await ask('c', { waitMs: 20 })).toBe('contended')
    }
    expect(await ask('a', {}, overtaking)).toBe('done')
    expect(await Promise.all(others)).toEqual(['done', 'repeated'])
    expect(await ledger.damage(schema)).toMatchObject({ entries: 2, duplicates: 0, oversold: 0, lost_updates: 0 })
  })

  test('optimistic: who is always overtaken is told so when his patience is over', async () => {
    const ask = asking('optimistic')
    expect(await ask('a', { waitMs: 0 }, () => ask('b'))).toBe('contended')
    expect((await ledger.damage(schema)).entries).toBe(1)
  })
})

describe.each(trades)('lua, $kind', ({ asking, key: resource }) => {
  let shelf: Shelf
  const ask = (by: string) => asking('lua')(by, { shelf })
  const entries = async () => (await ledger.damage(schema)).entries
  const open = async () => {
    const client = new Redis({ host: '127.0.0.1', port: redis.port, replyMapping: 'legacy', ...shelfClient })
    client.on('error', () => {})
    await new Promise<void>((resolve) => client.once('ready', () => resolve()))
    return openShelf(client, db)
  }
  beforeEach(async () => {
    shelf = await open()
    return async () => await shelf[Symbol.asyncDispose]()
  })

  test('the script decides, the ledger follows', async () => {
    expect([await ask('a'), await ask('a'), await ask('b'), await ask('c'), await ask('d')]).toEqual([
      'done',
      'repeated',
      'done',
      'done',
      'refused',
    ])
    await until(async () => (await entries()) === 3)
    expect(await ledger.damage(schema)).toMatchObject({ duplicates: 0, oversold: 0, lost_updates: 0 })
  })

  test('a Redis that forgets sells again what was not copied yet, and the ledger shows it', async () => {
    const other = await open()
    try {
      const away = (by: string) => asking('lua')(by, { shelf: other })
      // One server has sold all and its copies are on their way; the other asks a Redis that came back empty.
      const arrive = await copiesWait()
      const sold = [away('a'), away('b'), away('c')]
      expect(await Promise.all(sold)).toEqual(['done', 'done', 'done'])
      await redis.admin.flushall()
      expect(await ask('d')).toBe('done')
      await arrive()
      await until(async () => (await entries()) === 4)
      expect((await ledger.damage(schema)).oversold).toBe(1)
    } finally {
      await other[Symbol.asyncDispose]()
    }
  })

  test('the reconciler brings back what Redis has lost or never passed on', async () => {
    expect(await ask('a')).toBe('done')
    await until(async () => (await entries()) === 1)
    const key = `left:${resource}`
    await redis.admin.select(1)
    await redis.admin.set(key, 99)
    await until(async () => (await redis.admin.get(key)) === '2')
    // A taking whose server died before its copy.
    await redis.admin.set(key, 0)
    await until(async () => (await redis.admin.get(key)) === '2')
    expect([await ask('a'), await ask('b'), await ask('c'), await ask('d')]).toEqual([
      'repeated',
      'done',
      'done',
      'refused',
    ])
  })

  test('without Redis: unavailable, nothing written', async () => {
    redis.signal('SIGKILL')
    await sleep(50)
    expect(await ask('a')).toBe('unavailable')
    expect(await entries()).toBe(0)
    await redis[Symbol.asyncDispose]()
    redis = await startRedis()
  })
})

test('a transaction that fails leaves nothing behind, and its connection serves nobody any more', async () => {
  const failing = db.transaction(async (session) => {
    await session.query(`INSERT INTO orders (request_id, product_id, quantity) VALUES ('a', 1, 1)`)
    throw new Error('in the middle')
  })
  await expect(failing).rejects.toThrow('in the middle')
  const client = new pg.Client({ connectionString: ledger.url })
  await client.connect()
  const { rows } = await client.query(`SELECT count(*)::integer AS count FROM ${schema}.orders`)
  expect(rows).toEqual([{ count: 0 }])
  await client.end()
})
