import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Ledger } from '../src/ledger/ledger.ts'
import { openLedger } from '../src/ledger/postgres.ts'
import type { Leases } from '../src/locks/reference/policies/leases.ts'
import { postgresLeases } from '../src/locks/reference/policies/postgres-leases.ts'
import { crashPostgres } from './support/crash.ts'

let ledger: Ledger
let admin: pg.Pool
let leases: Leases
let keys = 0
let key: string

beforeAll(async () => {
  ledger = await openLedger({ cacheFolder: join(import.meta.dirname, '../.cache'), log: () => {} })
  admin = new pg.Pool({ connectionString: ledger.url, max: 1 })
  admin.on('error', () => {})
  leases = open()
})
afterAll(async () => {
  await leases.close()
  await admin.end()
  await ledger[Symbol.asyncDispose]()
})
beforeEach(() => void (key = `stock:${++keys}`))

const open = (url = ledger.url) => postgresLeases({ url, timeoutMs: 1000, connections: 4 })
const once = { stays: false }
const waiting = { stays: true }

test('servers that start together make the table once', async () => {
  await admin.query('DROP TABLE IF EXISTS picklock_leases')
  const servers = Array.from({ length: 4 }, () => open())
  const taken = await Promise.all(servers.map((server, index) => server.take(`${key}:${index}`, 't', 1000, once)))
  expect(taken.map((each) => each.taken)).toEqual([true, true, true, true])
  await Promise.all(servers.map((server) => server.close()))
})

test('one holder a key; a token gets its own again', async () => {
  expect(await leases.take(key, 'first', 5000, once)).toMatchObject({ taken: true })
  expect(await leases.take(key, 'first', 5000, once)).toMatchObject({ taken: true })
  expect(await leases.take(key, 'second', 5000, once)).toMatchObject({ taken: false })
  expect(await leases.release(key, 'second')).toBe(false)
  expect(await leases.release(key, 'first')).toBe(true)
  expect(await leases.release(key, 'first')).toBe(false)
  expect(await leases.take(key, 'second', 5000, once)).toMatchObject({ taken: true })
})

test('twenty at once: one has it', async () => {
  const tries = await Promise.all(Array.from({ length: 20 }, (_, index) => leases.take(key, `t${index}`, 5000, once)))
  expect(tries.filter(({ taken }) => taken)).toHaveLength(1)
})

test('a lease ends by itself and is not brought back', async () => {
  const taken = await leases.take(key, 'first', 100, once)
  expect(taken.taken && taken.validUntilMs).toBeLessThan(performance.now() + 100)
  expect(await leases.extend(key, 'first', 100)).toMatchObject({ validUntilMs: expect.any(Number) })
  await sleep(150)
  expect(await leases.extend(key, 'first', 100)).toBe(false)
  expect(await leases.release(key, 'first')).toBe(false)
  expect(await leases.take(key, 'second', 100, once)).toMatchObject({ taken: true })
})

test('fences rise, also above those that Redis gave', async () => {
  const fences: bigint[] = []
  const ahead = String(BigInt(Date.now()) * 1000n + 3_600_000_000n)
  for (const fence of [undefined, undefined, ahead, undefined]) {
    const taken = await leases.take(key, 't', 5000, fence === undefined ? once : { ...once, fence })
    if (taken.taken) fences.push(BigInt(taken.fence!))
    await leases.release(key, 't')
  }
  expect(fences).toHaveLength(4)
  expect(fences).toEqual(fences.toSorted((a, b) => Number(a - b)))
  expect(new Set(fences).size).toBe(4)
  expect(fences[2]).toBeGreaterThanOrEqual(BigInt(ahead))
})

test('who waits goes before who comes later, for as long as it asks', async () => {
  await leases.take(key, 'holder', 5000, once)
  expect(await leases.take(key, 'waiter', 5000, waiting)).toMatchObject({ taken: false })
  await leases.release(key, 'holder')
  expect(await leases.take(key, 'late', 5000, once)).toMatchObject({ taken: false })
  expect(await leases.take(key, 'waiter', 5000, waiting)).toMatchObject({ taken: true })
  await leases.release(key, 'waiter')

  await leases.take(key, 'holder', 5000, once)
  await leases.take(key, 'gone', 5000, waiting)
  await leases.release(key, 'holder')
  await sleep(200)
  expect(await leases.take(key, 'late', 5000, once)).toMatchObject({ taken: true })
})

test('a process that has it goes behind another that asks', async () => {
  const other = open()
  await leases.take(key, 'holder', 5000, once)
  await leases.take(key, 'mine', 5000, waiting)
  await other.take(key, 'theirs', 5000, waiting)
  await leases.take(key, 'mine', 5000, waiting)
  await leases.release(key, 'holder')
  expect(await leases.take(key, 'mine', 5000, waiting)).toMatchObject({ taken: false })
  expect(await other.take(key, 'theirs', 5000, waiting)).toMatchObject({ taken: true })
  await other.close()
})

test('cleaning up frees the lease and the place in line', async () => {
  await leases.take(key, 'doubt', 5000, once)
  await leases.take(key, 'waiter', 5000, waiting)
  const untilMs = performance.now() + 5000
  leases.cleanUp(key, 'waiter', untilMs)
  leases.cleanUp(key, 'doubt', untilMs)
  await expect.poll(async () => (await leases.take(key, 'next', 5000, once)).taken).toBe(true)
})

test('a lease outlives the death of every connection, and the next call gets a new one', async () => {
  await leases.take(key, 'first', 5000, once)
  await admin.query(
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND application_name = $1',
    ['picklock-leases'],
  )
  await expect
    .poll(() => leases.extend(key, 'first', 5000).catch(() => 'broken'))
    .toMatchObject({ validUntilMs: expect.any(Number) })
  expect(await leases.take(key, 'second', 5000, once)).toMatchObject({ taken: false })
})

test('a lease outlives a crash of Postgres', async () => {
  await leases.take(key, 'first', 9000, once)
  await crashPostgres(ledger.url)
  await expect
    .poll(() => leases.take(key, 'second', 9000, once).catch(() => 'broken'), { timeout: 8000 })
    .toMatchObject({ taken: false })
  expect(await leases.release(key, 'first')).toBe(true)
})

test('a database that is not there: refused, and definite', async () => {
  const nowhere = open('postgres://nobody:x@127.0.0.1:1/none')
  await expect(nowhere.take(key, 't', 1000, once)).rejects.toMatchObject({ code: 'ECONNREFUSED', definite: true })
  await nowhere.close()
})

test('a row that stays locked: the call ends within its deadline', async () => {
  await leases.take(key, 'first', 5000, once)
  const client = await admin.connect()
  await client.query('BEGIN')
  await client.query('SELECT * FROM picklock_leases WHERE key = $1 FOR UPDATE', [key])
  const startMs = performance.now()
  await expect(leases.release(key, 'first')).rejects.toThrow(/timeout/)
  expect(performance.now() - startMs).toBeLessThan(5000)
  await client.query('ROLLBACK')
  client.release()
})

test('rows do not pile up: the first release of a server, and one a minute, sweeps', async () => {
  const old = `${key}:old`
  await admin.query(
    `INSERT INTO picklock_leases (key, token, owner, ends_at, fence) VALUES ($1, 'gone', '', now() - interval '2 minutes', 1)`,
    [old],
  )
  const server = open()
  await server.take(key, 'first', 5000, once)
  await server.release(key, 'first')
  const left = async () => (await admin.query('SELECT key FROM picklock_leases WHERE key LIKE $1', [`${key}%`])).rows
  await expect.poll(left).toEqual([{ key }])
  await server.close()
})
