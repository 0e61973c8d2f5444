import { execFile, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, readFileSync } from 'node:fs'
import { chown, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'
import { Children, exited } from '../lib/children.ts'
import { EnvironmentError } from '../lib/failure.ts'
import { Ports } from '../lib/ports.ts'
import { countDamage } from './damage.ts'
import type { Books, Ledger } from './ledger.ts'
import { sweepSharedMemory } from './memory.ts'
import { superuser, template, type Template } from './template.ts'

const run = promisify(execFile)
const schemaSql = readFileSync(new URL('./schema.sql', import.meta.url), 'utf8')

const startTimeoutMs = 30_000
const pollMs = 3
const stopTimeoutMs = 3_000
/** A Postgres that hangs must not hold the drill. */
const answerTimeoutMs = 20_000
const patience = { connectionTimeoutMillis: answerTimeoutMs, query_timeout: answerTimeoutMs }
const goodbyeTimeoutMs = 1_000
const portAttemptsMax = 20

/** A database that dies with its run needs no durability, and must not steal time from what is measured. */
export const settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  autovacuum: 'off',
  jit: 'off',
  shared_buffers: '32MB',
  // Servers × the connections of one (server/database.ts), and the controller.
  max_connections: '300',
  max_worker_processes: '0',
  max_parallel_workers: '0',
  io_method: 'sync',
  // In the data directory, which goes away with the run; segments under /dev/shm would outlive a kill -9.
  dynamic_shared_memory_type: 'mmap',
  // Rounds of hashing protect weak passwords; ours are random, and every connection would pay for them.
  scram_iterations: '1',
}

/** Starts the Postgres of one run of drills, on a fresh copy of the template. Throws EnvironmentError where it does not start. */
export async function openLedger(options: { cacheFolder: string; log: (text: string) => void }): Promise<Ledger> {
  await using stack = new AsyncDisposableStack()
  const children = stack.use(await Children.open())
  const ports = stack.use(await Ports.open())
  const origin = await template(options)
  const server = await start(children, ports, origin)
  stack.defer(() => server.stop())
  const password = randomBytes(18).toString('base64url')
  const address = `127.0.0.1:${server.port}/postgres`
  await replacePassword(`postgres://${superuser}:${origin.password}@${address}`, password)
  const url = `postgres://${superuser}:${password}@${address}`
  const books = stack.use(openBooks(url))
  const running = stack.move()
  return {
    ...books,
    logFile: server.logFile,
    pid: server.pid,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

/** Connections to a ledger that runs already; the first is made on need. */
export function openBooks(url: string): Books {
  const pool = new pg.Pool({ ...patience, connectionString: url, max: 4 })
  pool.on('error', () => {})
  return {
    url,
    async prepare({ schema, products = 0, stock = 0, coupons = 0, limit = 0, accounts = 0, balance = 0 }) {
      const sql = `
        CREATE SCHEMA ${name(schema)}; SET search_path = ${name(schema)}; ${schemaSql};
        INSERT INTO products SELECT id, ${stock}, ${stock}, ${stock} FROM generate_series(1, ${products}) AS id;
        INSERT INTO coupons SELECT id, ${limit} FROM generate_series(1, ${coupons}) AS id;
        INSERT INTO accounts SELECT id, ${balance}, ${balance}, ${balance} FROM generate_series(1, ${accounts}) AS id;
        RESET search_path`
      await pool.query(sql).catch((error: Error) => {
        throw new EnvironmentError(`the ledger (Postgres) does not answer: ${error.message}`)
      })
    },
    async damage(schema) {
      const client = await pool.connect()
      try {
        await client.query(`SET search_path = ${name(schema)}`)
        return await countDamage(async <Row>(sql: string) => (await client.query(sql)).rows as Row[])
      } finally {
        // Not back into the pool: it carries the drill's search path.
        client.release(true)
      }
    },
    async drop(schema) {
      await pool.query(`DROP SCHEMA IF EXISTS ${name(schema)} CASCADE`)
    },
    async [Symbol.asyncDispose]() {
      // Where nobody answers, the goodbye of a connection never comes to an end.
      await Promise.race([pool.end(), sleep(goodbyeTimeoutMs, undefined, { ref: false })])
    },
  }
}

interface Server {
  port: number
  pid: number
  logFile: string
  stop(): Promise<void>
}

async function start(children: Children, ports: Ports, origin: Template): Promise<Server> {
  const data = join(children.folder, 'data')
  const logFile = join(children.folder, 'postgres.log')
  // The account has to pass through our folder, whose other contents it still cannot read.
  if (origin.account) chmodSync(children.folder, 0o711)
  await Promise.all([copy(origin, data), sweepSharedMemory(origin.account?.uid ?? process.getuid?.() ?? -1)])
  for (let attempt = 0; attempt < portAttemptsMax; attempt++) {
    const port = await ports.next()
    const child = children.spawn(
      origin.postgres,
      [
        '-D',
        data,
        '-p',
        String(port),
        ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]),
      ],
      { name: 'postgres', logFile, cwd: children.folder, env: { LC_ALL: 'C', TZ: 'UTC' }, ...origin.account },
    )
    const stop = async () => {
      // SIGQUIT: at once, but unlike SIGKILL it takes its shared memory with it. Whoever does not listen is killed by Children.
      child.kill('SIGQUIT')
      await Promise.race([exited(child), sleep(stopTimeoutMs, undefined, { ref: false })])
    }
    if (await ready(child, join(data, 'postmaster.pid'))) return { port, pid: child.pid!, logFile, stop }
    await stop()
    const said = readFileSync(logFile, 'utf8')
    // Between our look and its bind somebody else took the port.
    if (said.includes('Address already in use')) continue
    throw new EnvironmentError(`Postgres did not start: ${said.trim().split('\n').at(-1) ?? 'it said nothing'}`)
  }
  throw new EnvironmentError(`Postgres found no free port in ${portAttemptsMax} attempts`)
}

/** Copied under the account, so that it owns the files; `cp` because it is several times faster than fs.cp with its promises. */
async function copy({ folder, account }: Template, data: string): Promise<void> {
  await mkdir(data, { mode: 0o700 })
  if (account) await chown(data, account.uid, account.gid)
  await run('cp', ['-R', `${folder}/.`, data], { ...account, cwd: '/' })
}

/** Postgres writes its state into postmaster.pid; asking that file is how pg_ctl waits, too. False where the process ended. */
async function ready(child: ChildProcess, pidFile: string): Promise<boolean> {
  const deadline = Date.now() + startTimeoutMs
  while (child.exitCode === null && child.signalCode === null && Date.now() < deadline) {
    if (existsSync(pidFile) && /^ready\s*$/m.test(readFileSync(pidFile, 'latin1'))) return true
    await sleep(pollMs)
  }
  return false
}

async function replacePassword(connectionString: string, password: string): Promise<void> {
  const client = new pg.Client({ ...patience, connectionString })
  // A connection that breaks between two statements says so here; the next statement fails by itself.
  client.on('error', () => {})
  await client.connect()
  await client.query(`ALTER ROLE ${superuser} PASSWORD '${password}'`)
  await client.end()
}

/** A quoted identifier. */
const name = (schema: string) => `"${schema.replaceAll('"', '""')}"`
