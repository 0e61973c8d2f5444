import { existsSync } from 'node:fs'
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Ledger } from '../src/ledger/ledger.ts'
import { processState } from '../src/lib/children.ts'
import { EnvironmentError } from '../src/lib/failure.ts'
import { openLedger } from '../src/ledger/postgres.ts'
import { template } from '../src/ledger/template.ts'
import workload from '../src/workloads/oversell.ts'
import type { LedgerSession } from '../src/workloads/workload.ts'

const cacheFolder = join(import.meta.dirname, '../.cache')
const log = () => {}

let ledger: Ledger
let client: pg.Client
let schemas = 0
let schema: string

beforeAll(async () => {
  ledger = await openLedger({ cacheFolder, log })
  client = new pg.Client({ connectionString: ledger.url, application_name: 'server-1' })
  await client.connect()
})
afterAll(async () => {
  await client.end()
  await ledger[Symbol.asyncDispose]()
})
beforeEach(async () => {
  schema = `drill_${++schemas}`
  await ledger.prepare({ schema, products: 3, stock: 10 })
  await client.query(`SET search_path = ${schema}`)
})

const sell = (requestId: string, product: number, quantity = 1, fence: number | null = null) =>
  client.query('INSERT INTO orders (request_id, product_id, quantity, fence) VALUES ($1, $2, $3, $4)', [
    requestId,
    product,
    quantity,
    fence,
  ])
const write = (product: number, stock: number) =>
  client.query('UPDATE products SET stock = $2, lowest = least(lowest, $2) WHERE id = $1', [product, stock])

test('honest books show no damage', async () => {
  await sell('a', 1, 4)
  await write(1, 6)
  expect(await ledger.damage(schema)).toEqual({
    duplicates: 0,
    oversold: 0,
    negative_stock: 0,
    lost_updates: 0,
    stale_writes_refused: 0,
    stale_writes_accepted: 0,
    entries: 1,
    examples: {},
  })
})

test('duplicates: orders beyond the first with one request id', async () => {
  for (const requestId of ['a', 'a', 'a', 'b', 'b', 'c']) await sell(requestId, 1)
  await write(1, 4)
  const { duplicates, lost_updates, examples } = await ledger.damage(schema)
  expect({ duplicates, lost_updates }).toEqual({ duplicates: 3, lost_updates: 0 })
  expect(examples['duplicates']).toEqual([
    { what: 'request a was ordered 3 times, by server-1', requestIds: ['a'] },
    { what: 'request b was ordered 2 times, by server-1', requestIds: ['b'] },
  ])
})

test('oversold: units beyond the stock, per product, not balanced by another one', async () => {
  await sell('a', 1, 13)
  await sell('b', 2, 5)
  await sell('c', 3, 11)
  const { oversold, examples } = await ledger.damage(schema)
  expect(oversold).toBe(4)
  expect(examples['oversold']?.[0]?.what).toBe('13 units of product 1 were sold, it had 10')
})

test('negative_stock: products that were ever below zero, even if they recovered', async () => {
  await write(1, -2)
  await write(1, 5)
  await write(2, -1)
  const { negative_stock, examples } = await ledger.damage(schema)
  expect(negative_stock).toBe(2)
  expect(examples['negative_stock']?.map(({ what }) => what)).toEqual([
    'the stock of product 1 went down to -2',
    'the stock of product 2 went down to -1',
  ])
})

test('lost_updates: absolute per product, in both directions', async () => {
  await sell('a', 1, 3)
  await write(1, 9)
  await write(2, 8)
  expect((await ledger.damage(schema)).lost_updates).toBe(2 + 2)
})

test('stale writes: a fence below an earlier one of its product; at most 20 examples', async () => {
  for (const [index, fence] of [3, 5, 4, 5, 6].entries()) await sell(`a${index}`, 1, 1, fence)
  await sell('b', 2, 1, 1)
  for (let index = 0; index < 25; index++)
    await client.query('INSERT INTO refusals VALUES ($1, 1, 2)', [`refused-${index}`])
  const damage = await ledger.damage(schema)
  expect(damage).toMatchObject({ stale_writes_accepted: 1, stale_writes_refused: 25 })
  expect(damage.examples['stale_writes_refused']?.length).toBe(20)
})

test('guard: fenced: an older holder that wakes up is refused, whether it read before or after', async () => {
  const query = async <Row>(sql: string, values?: unknown[]) => (await client.query(sql, values)).rows as Row[]
  const db: LedgerSession = {
    query,
    async transaction(run) {
      await query('BEGIN')
      const result = await run({ query })
      await query('COMMIT')
      return result
    },
  }
  const options = workload.options.parse({ guard: 'fenced' })
  const buy = (requestId: string, fence: string, meanwhile: () => Promise<unknown> = async () => {}) =>
    workload.run({
      request: { requestId, userId: 1, productId: 1, quantity: 1 },
      key: 'stock:1',
      options,
      waitMs: 0,
      fence,
      db,
      shelf: undefined,
      abandoned: () => false,
      work: async () => void (await meanwhile()),
    })
  // The holder of fence 1 pauses after its read; the holder of fence 2 does all of its work in between.
  expect(await buy('old', '1', () => buy('new', '2'))).toBe('refused')
  // The holder of fence 3 has read; the paused holder of fence 2 writes now, and must not.
  let late: string | undefined
  expect(await buy('newer', '3', async () => (late = await buy('paused', '2')))).toBe('done')
  expect(late).toBe('refused')
  expect(await buy('same holder', '3')).toBe('done')
  expect(await ledger.damage(schema)).toMatchObject({
    entries: 3,
    oversold: 0,
    lost_updates: 0,
    stale_writes_refused: 2,
    stale_writes_accepted: 0,
  })
})

test('a schema is dropped whole', async () => {
  await ledger.drop(schema)
  await expect(ledger.damage(schema)).rejects.toThrow('does not exist')
})

test('two runs at once initialise an empty cache, and leave one template and nothing else', async () => {
  const cache = await mkdtemp(join(tmpdir(), 'cache-'))
  await chmod(cache, 0o755)
  try {
    const ledgers = await Promise.all([
      openLedger({ cacheFolder: cache, log }),
      openLedger({ cacheFolder: cache, log }),
    ])
    const [first, second] = ledgers as [Ledger, Ledger]
    expect(first.url).not.toBe(second.url)
    for (const own of ledgers) await own.prepare({ schema: 'drill_1', products: 1, stock: 1 })
    expect(await readdir(cache)).toEqual([expect.stringMatching(/^postgres-[\d.]+.*-\d+$/)])
    await Promise.all(ledgers.map((own) => own[Symbol.asyncDispose]()))
    for (const own of ledgers) {
      expect(existsSync(dirname(own.logFile))).toBe(false)
      expect(() => process.kill(own.pid, 0)).toThrow('ESRCH')
    }
  } finally {
    await rm(cache, { recursive: true })
  }
})

test('nobody gets in without the run’s password, and not with the template’s', async () => {
  const { password } = await template({ cacheFolder, log })
  for (const wrong of ['', 'picklock', password]) {
    const url = new URL(ledger.url)
    url.password = wrong
    const stranger = new pg.Client({ connectionString: url.href, password: wrong })
    await expect(stranger.connect()).rejects.toThrow(/password/)
  }
})

test('a Postgres that died is the environment’s failure, and one that hangs does not hold the end of the run', async () => {
  const dying = await openLedger({ cacheFolder, log })
  process.kill(dying.pid, 'SIGKILL')
  await expect(dying.prepare({ schema: 'drill', products: 1, stock: 1 })).rejects.toThrow(EnvironmentError)
  await dying[Symbol.asyncDispose]()

  const hanging = await openLedger({ cacheFolder, log })
  await hanging.prepare({ schema: 'drill', products: 1, stock: 1 })
  const stopped = await processesOf(hanging.pid)
  for (const pid of stopped) process.kill(pid, 'SIGSTOP')
  try {
    await hanging[Symbol.asyncDispose]()
    expect([undefined, 'Z']).toContain(processState(hanging.pid))
  } finally {
    // Workers end when they see that Postgres is gone, which these cannot.
    for (const pid of stopped.filter((pid) => processState(pid) === 'T')) process.kill(pid, 'SIGKILL')
  }
})

/** A process and its children. */
async function processesOf(parent: number): Promise<number[]> {
  const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0)
  const parents = await Promise.all(
    pids.map(async (pid) => {
      const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '')
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
    }),
  )
  return [parent, ...pids.filter((_, index) => parents[index] === parent)]
}
