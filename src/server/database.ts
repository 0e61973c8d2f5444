import pg from 'pg'
import { EnvironmentError } from '../lib/failure.ts'
import type { LedgerSession } from '../workloads/workload.ts'

/** Connections of one server to the ledger, and how many of them are made before the load begins. */
const connectionsMax = 16
const warmConnections = 4
/** Postgres itself is not what breaks; this only keeps a drill from waiting for ever. */
const queryTimeoutMs = 10_000

export interface Database extends LedgerSession, AsyncDisposable {}

/** The server's sessions in the drill's schema; each statement is prepared once per connection. Throws EnvironmentError. */
export async function openDatabase(ledger: { url: string; schema: string }, server: string): Promise<Database> {
  const pool = new pg.Pool({
    connectionString: ledger.url,
    max: connectionsMax,
    idleTimeoutMillis: 0,
    connectionTimeoutMillis: queryTimeoutMs,
    query_timeout: queryTimeoutMs,
    // The ledger notes who wrote an order.
    application_name: server,
    options: `-c search_path=${ledger.schema}`,
  })
  pool.on('error', () => {})
  try {
    const warm = await Promise.all(Array.from({ length: warmConnections }, () => pool.connect()))
    for (const client of warm) client.release()
  } catch (error) {
    throw new EnvironmentError(`${server} cannot reach its ledger: ${(error as Error).message}`)
  }
  const names = new Map<string, string>()
  const on = (client: Pick<pg.Pool | pg.ClientBase, 'query'>) => ({
    async query<Row>(sql: string, values: unknown[] = []) {
      let name = names.get(sql)
      if (name === undefined) names.set(sql, (name = `statement-${names.size + 1}`))
      const result = await client.query({ name, text: sql, values })
      return result.rows as Row[]
    },
  })
  return {
    ...on(pool),
    async transaction(run) {
      const client = await pool.connect()
      try {
        await client.query('BEGIN')
        const result = await run(on(client))
        await client.query('COMMIT')
        client.release()
        return result
      } catch (error) {
        // Closed, so that Postgres takes back what was not committed, whatever the connection still answers.
        client.release(true)
        throw error
      }
    },
    [Symbol.asyncDispose]: () => pool.end(),
  }
}
