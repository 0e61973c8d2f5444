import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Ledger } from '../src/ledger/ledger.ts'
import { openLedger } from '../src/ledger/postgres.ts'
import { createLocks, type LockEvent, type Locks, type LocksOptions } from '../src/locks/reference/locks.ts'
import { forMs, trade, type Served, type Trade } from './support/clerks.ts'
import { crashPostgres } from './support/crash.ts'
import { startProxy, type Proxy } from './support/proxy.ts'
import { startRedis, type TestRedis } from './support/redis.ts'
import { until } from './support/until.ts'

let redis: TestRedis
beforeAll(async () => void (redis = await startRedis()))
afterAll(() => redis[Symbol.asyncDispose]())
beforeEach(() => redis.admin.flushall())

interface Shop extends AsyncDisposable {
  locks: Locks[]
  /** Each server's own door to the one Redis. */
  gates: Proxy[]
  events: LockEvent[]
}

async function shop(options: Omit<LocksOptions, 'redis'>, servers = 2): Promise<Shop> {
  const stack = new AsyncDisposableStack()
  const events: LockEvent[] = []
  const gates: Proxy[] = []
  const locks: Locks[] = []
  for (let server = 0; server < servers; server++) {
    const gate = stack.use(await startProxy(redis.port))
    const onEvent = (event: LockEvent) => void events.push(event)
    gates.push(gate)
    locks.push(stack.use(createLocks({ redis: { host: '127.0.0.1', port: gate.port }, onEvent, ...options })))
  }
  await Promise.all(locks.map(({ ready }) => ready))
  return { locks, gates, events, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

const outageMs = 2000

interface Outage extends Trade {
  /** Begun and ended while Redis was away, and begun well before or after. */
  during: Served[]
  apart: Served[]
}

/** Clerks at work for 4 s, in whose second and third no server sees Redis, which forgets all. */
async function outage({ locks, gates }: Shop, waitMs: number, perServer = 4): Promise<Outage> {
  const work = { keys: ['stock:1', 'stock:2', 'stock:3'], perServer, workMs: 4, pauseMs: 10 }
  const trading = trade({ locks, ...work, asked: { ttlMs: 1500, waitMs }, goOn: forMs(4000) })
  await sleep(1000)
  await Promise.all(gates.map((gate) => gate.shut()))
  const shutMs = performance.now()
  await redis.admin.flushall()
  await sleep(outageMs)
  const openMs = performance.now()
  await Promise.all(gates.map((gate) => gate.open()))
  const traded = await trading
  // How many there are is the machine's business: some are enough.
  // Who asks in the very moment may still write to a connection that is being closed: nobody knows what became of that.
  const within = ({ startedMs, endedMs }: Served) => startedMs > shutMs + 100 && endedMs < openMs
  const beyond = ({ startedMs, endedMs }: Served) => endedMs < shutMs - 50 || startedMs > openMs + 500
  return { ...traded, during: traded.served.filter(within), apart: traded.served.filter(beyond) }
}

const outcomes = (served: Served[]) => [...new Set(served.map(({ outcome }) => outcome))].toSorted()

describe('an outage of 2 s', () => {
  test('failFast: Redis’ error as it is, and nothing was applied', async () => {
    await using open = await shop({})
    const { during, apart, overlaps } = await outage(open, 100)
    expect(during.length).toBeGreaterThan(20)
    expect(outcomes(during)).toEqual(['refused'])
    expect(new Set(during.map(({ error }) => error!.name))).toEqual(new Set(['Error']))
    expect(apart.filter(({ error }) => error)).toEqual([])
    expect(overlaps).toEqual({ apart: 0, together: 0 })
  })

  test('failFast: who can wait longer than the outage gets the lock after it', async () => {
    await using open = await shop({})
    const { served, overlaps } = await outage(open, 10_000)
    expect(served.filter(({ outcome }) => outcome !== 'granted' && outcome !== 'doubt')).toEqual([])
    expect(overlaps).toEqual({ apart: 0, together: 0 })
  })

  test('localLock: everybody is let in, one at a time on a server, and two servers at once', async () => {
    await using open = await shop({ fallback: 'localLock' })
    const { during, apart, overlaps } = await outage(open, 2000)
    expect(during.length).toBeGreaterThan(20)
    expect(outcomes(during)).toEqual(['granted'])
    expect(outcomes(apart)).toEqual(['granted'])
    expect(overlaps.together).toBe(0)
    expect(overlaps.apart).toBeGreaterThan(0)
  })

  test('queue: nobody fails, everybody gets it afterwards', async () => {
    await using open = await shop({ fallback: 'queue' })
    const { during, served, overlaps } = await outage(open, 100)
    expect(during).toEqual([])
    expect(outcomes(served.filter(({ endedMs, startedMs }) => endedMs - startedMs > 1000))).toEqual(['granted'])
    expect(open.events.filter(({ type }) => type === 'queued').length).toBeGreaterThan(8)
    expect(overlaps).toEqual({ apart: 0, together: 0 })
  })

  test('queue: who finds it full, or waits too long, is told which', async () => {
    await using open = await shop({ fallback: 'queue', queueLength: 3, queueMs: 400 })
    const { during, overlaps } = await outage(open, 100)
    const names = new Set(during.map(({ error }) => error?.name))
    expect(names).toEqual(new Set(['QueueFullError', 'QueueTimeoutError']))
    const full = during.filter(({ error }) => error?.name === 'QueueFullError')
    expect(outcomes(full)).toEqual(['refused'])
    expect(overlaps).toEqual({ apart: 0, together: 0 })
  })
})

describe('database', () => {
  let ledger: Ledger
  beforeAll(
    async () => void (ledger = await openLedger({ cacheFolder: join(import.meta.dirname, '../.cache'), log() {} })),
  )
  afterAll(() => ledger[Symbol.asyncDispose]())
  const database = (more: Partial<LocksOptions> = {}) =>
    shop({ fallback: 'database', databaseUrl: ledger.url, databaseTimeoutMs: 5000, ...more })

  test('an outage of 2 s: everybody is let in, one at a time, and fences rise', async () => {
    await using open = await database()
    const { during, apart, overlaps, fencesBack } = await outage(open, 20_000)
    expect(during.length).toBeGreaterThan(3)
    expect(outcomes(during)).toEqual(['granted'])
    expect(outcomes(apart)).toEqual(['granted'])
    expect(overlaps).toEqual({ apart: 0, together: 0 })
    expect(fencesBack).toBe(0)
  })

  test('one server loses Redis, the other does not: both get their share, never at once', async () => {
    await using open = await database()
    await open.gates[0]!.shut()
    const work = { keys: ['stock:1'], perServer: 4, workMs: 4, asked: { ttlMs: 1500, waitMs: 20_000 } }
    const { served, overlaps, fencesBack } = await trade({
      locks: open.locks,
      ...work,
      goOn: forMs(2000),
    })
    expect(overlaps).toEqual({ apart: 0, together: 0 })
    expect(fencesBack).toBe(0)
    expect(outcomes(served)).toEqual(['granted'])
    for (const server of [0, 1]) expect(served.filter((each) => each.server === server).length).toBeGreaterThan(3)
  })

  test('a holder on Redis keeps its lock through the outage, and others out', async () => {
    await using open = await database()
    const [first, second] = open.locks as [Locks, Locks]
    const lock = await first.acquire('stock:7', { ttlMs: 400, waitMs: 0 })
    for (const gate of open.gates) await gate.shut()
    await redis.admin.flushall()
    await sleep(800)
    expect(lock.validForMs).toBeGreaterThan(0)
    expect(await second.tryAcquire('stock:7', { ttlMs: 400, waitMs: 0 })).toBeNull()
    expect(await lock.release()).toBe(true)
    await using next = await second.acquire('stock:7', { ttlMs: 400, waitMs: 0 })
    expect(BigInt(next.fence!)).toBeGreaterThan(BigInt(lock.fence!))
  })

  test('a holder in Postgres keeps out who sees Redis again', async () => {
    await using open = await database()
    const [first, second] = open.locks as [Locks, Locks]
    await open.gates[0]!.shut()
    const lock = await first.acquire('stock:7', { ttlMs: 400, waitMs: 0 })
    expect(open.events).toContainEqual(expect.objectContaining({ type: 'acquired', fallback: 'database' }))
    expect(await second.tryAcquire('stock:7', { ttlMs: 400, waitMs: 300 })).toBeNull()
    await open.gates[0]!.open()
    expect(await second.tryAcquire('stock:7', { ttlMs: 400, waitMs: 0 })).toBeNull()
    await lock.release()
    await using next = await second.acquire('stock:7', { ttlMs: 400, waitMs: 1000 })
    expect(BigInt(next.fence!)).toBeGreaterThan(BigInt(lock.fence!))
  })

  test('without Postgres nobody gets a lock, and Redis is left free', async () => {
    await using open = await shop({ fallback: 'database', databaseUrl: 'postgres://nobody:x@127.0.0.1:1/none' })
    await expect(open.locks[0]!.acquire('stock:7', { ttlMs: 1000 })).rejects.toMatchObject({ definite: true })
    expect(await redis.admin.exists('stock:7')).toBe(0)
  })

  test('Redis hangs: what was sent to it counts for nothing, whenever it is applied', async () => {
    await using open = await database({ timeoutMs: 150 })
    const work = { keys: ['stock:1', 'stock:2'], perServer: 4, workMs: 4, pauseMs: 5 }
    const trading = trade({ ...open, ...work, asked: { ttlMs: 1500, waitMs: 20_000 }, goOn: forMs(3000) })
    await sleep(500)
    redis.signal('SIGSTOP')
    await sleep(1500)
    redis.signal('SIGCONT')
    const { served, overlaps, fencesBack } = await trading
    expect(overlaps).toEqual({ apart: 0, together: 0 })
    expect(fencesBack).toBe(0)
    expect(outcomes(served)).toEqual(['granted'])
  })

  test('a breaker keeps the calls off Redis, and tries it again', async () => {
    await using open = await database({ breaker: { openForMs: 300, windowTries: 6, minimumTries: 3 } })
    const [locks, gate] = [open.locks[0]!, open.gates[0]!]
    const cycle = async () => (await locks.acquire('stock:7', { ttlMs: 1000, waitMs: 1000 })).release()
    const states = () => open.events.flatMap((event) => (event.type === 'breaker' ? [event.state] : []))
    await gate.shut()
    await until(async () => (await cycle()) && states().length > 0)
    const { attempts } = locks.counters()
    for (let round = 0; round < 5; round++) await cycle()
    expect(states()).toEqual(['open'])
    await gate.open()
    await until(async () => (await cycle()) && states().at(-1) === 'closed')
    expect(locks.counters().attempts).toBeGreaterThan(attempts)
    expect(open.events.findLast(({ type }) => type === 'acquired')).not.toHaveProperty('fallback')
  })

  test('Postgres crashes in the midst of it: some calls fail, none is let in wrongly, and it goes on', async () => {
    await using open = await database()
    await open.gates[1]!.shut()
    const startMs = performance.now()
    const work = { keys: ['stock:1', 'stock:2'], perServer: 4, workMs: 4, pauseMs: 5 }
    const trading = trade({ ...open, ...work, asked: { ttlMs: 1500, waitMs: 3000 }, goOn: forMs(5000) })
    await sleep(500)
    await crashPostgres(ledger.url)
    const { served, overlaps, fencesBack } = await trading
    expect(overlaps).toEqual({ apart: 0, together: 0 })
    expect(fencesBack).toBe(0)
    const last = served.filter(({ startedMs }) => startedMs > startMs + 4000)
    for (const server of [0, 1]) expect(outcomes(last.filter((each) => each.server === server))).toContain('granted')
  })

  test('Redis comes and goes for each server by itself: no overlap', async () => {
    await using open = await database()
    const switches = Number(process.env['SWITCHES'] ?? 8)
    const { overlaps, fencesBack, grants, served } = await flapping(open, switches)
    expect(grants).toBeGreaterThan(switches * 2)
    expect(overlaps).toEqual({ apart: 0, together: 0 })
    expect(fencesBack).toBe(0)
    expect(outcomes(served)).not.toContain('contended')
  })
})

/** The doors are shut and opened, one after the other, with both in every state; once in a while Redis forgets all meanwhile. */
async function flapping({ locks, gates }: Shop, switches: number): Promise<Trade> {
  // The clerks go on until the last switch has had its time, however long a busy machine takes for them.
  let done = 0
  const work = { keys: ['stock:1', 'stock:2'], perServer: 4, workMs: 3 }
  const trading = trade({ locks, ...work, asked: { ttlMs: 1500, waitMs: 20_000 }, goOn: () => done < switches })
  while (done < switches) {
    const gate = gates[done % gates.length]!
    await (done % 4 < 2 ? gate.shut() : gate.open())
    if (done % 8 === 1) await redis.admin.flushall()
    await sleep(200)
    done++
  }
  return trading
}
