import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { beside } from '../lib/beside.ts'
import { Children } from '../lib/children.ts'
import type { Books } from './ledger.ts'
import { openBooks } from './postgres.ts'

const answerMs = 10_000

/** The ledger in a Postgres that already runs: each drill has a schema there, which is gone when it is over, also where Picklock is killed. */
export async function openStandingLedger(url: string): Promise<Books> {
  await using stack = new AsyncDisposableStack()
  const children = stack.use(await Children.open())
  const books = stack.use(openBooks(url))
  const dropped = new Map<string, () => void>()
  const running = stack.move()
  return {
    ...books,
    async prepare(options) {
      const { schema } = options
      dropped.set(schema, children.atTheEnd(schema, beside(import.meta.url, 'standing'), { url, schema }))
      await books.prepare(options)
    },
    async drop(schema) {
      await books.drop(schema)
      dropped.get(schema)?.()
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

/** The janitor's call. */
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  let text = ''
  process.stdin.setEncoding('utf8')
  for await (const chunk of process.stdin) text += String(chunk)
  const { url, schema } = JSON.parse(text) as { url: string; schema: string }
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: answerMs })
  client.on('error', () => {})
  await client
    .connect()
    .then(() => client.query(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`))
    .catch(() => {})
  process.exit(0)
}
