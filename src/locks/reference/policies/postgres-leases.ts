import { readFileSync } from 'node:fs'
import pg from 'pg'
import { definite } from '../../definite.ts'
import { cleaner } from '../cleaner.ts'
import { jittered, newToken, validUntil } from '../lease.ts'
import type { Leases } from './leases.ts'

const tableSql = readFileSync(new URL('./postgres-leases.sql', import.meta.url), 'utf8')

const ms = (parameter: string) => `${parameter} * interval '1 millisecond'`
const now = 'clock_timestamp()'
const micros = `(extract(epoch FROM ${now}) * 1000000)::bigint`

/**
 * The conditions are evaluated under the row's lock, on its newest version. The fence is made as on Redis: the clock in microseconds, or
 * one more than the last, or than Redis', whichever is largest.
 */
const takeSql = `
  INSERT INTO picklock_leases AS lease (key, token, owner, ends_at, fence)
  VALUES ($1, $2, $5, ${now} + ${ms('$3')}, greatest($4::bigint, ${micros}))
  ON CONFLICT (key) DO UPDATE
    SET token = $2, owner = $5, ends_at = ${now} + ${ms('$3')}, fence = greatest(excluded.fence, lease.fence + 1), next_until = '-infinity'
    WHERE CASE WHEN lease.ends_at > ${now} THEN lease.token = $2 ELSE lease.next_token = $2 OR lease.next_until <= ${now} END
  RETURNING fence`

/** A process that has the lease already goes behind another that asks. */
const standSql = `
  UPDATE picklock_leases SET next_token = $2, next_owner = $4, next_until = ${now} + ${ms('$3')}
  WHERE key = $1 AND (next_token = $2 OR next_until <= ${now} OR (next_owner = owner AND owner <> $4))`

const extendSql = `
  UPDATE picklock_leases SET ends_at = ${now} + ${ms('$3')} WHERE key = $1 AND token = $2 AND ends_at > ${now}`

const releaseSql = `
  UPDATE picklock_leases SET ends_at = '-infinity' WHERE key = $1 AND token = $2 AND ends_at > ${now}`

const leaveSql = `UPDATE picklock_leases SET next_until = '-infinity' WHERE key = $1 AND next_token = $2`

/** A row can be forgotten once the clock is far past its fence. */
const sweepSql = `
  DELETE FROM picklock_leases WHERE greatest(ends_at, next_until) < ${now} - interval '1 minute' AND fence < ${micros} - 60000000`

const retryMs = 15
/** Who stands in line must ask again within this time to keep its place. */
const placeMs = 150
const sweepEveryMs = 60_000

/**
 * Leases as rows of a table. A lease is durable before it is granted, so it outlives a restart of Postgres, unlike an advisory lock; and
 * no connection is held during a hold.
 *
 * @param timeoutMs for a free connection, and again for the statement
 */
export function postgresLeases(options: { url: string; timeoutMs: number; connections: number }): Leases {
  const { url, timeoutMs, connections } = options
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    application_name: 'picklock-leases',
    connectionTimeoutMillis: timeoutMs,
    statement_timeout: timeoutMs,
    query_timeout: timeoutMs,
    // Whatever the database's defaults are: a lease that a crash can take back is none.
    options: '-c synchronous_commit=on -c default_transaction_isolation=read\\ committed',
  })
  // An idle connection that drops, and one in use: its query rejects, too.
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))

  let table: Promise<unknown> | undefined
  let sweptAtMs = -Infinity
  const cleaning = cleaner()
  const owner = newToken()

  async function run(name: string, text: string, values: unknown[]) {
    table ??= query({ text: tableSql }).catch((error: unknown) => {
      table = undefined
      throw error
    })
    await table
    return query({ name: `picklock-${name}`, text, values })
  }

  async function query(statement: pg.QueryConfig): Promise<pg.QueryResult<{ fence: string }>> {
    const client = await pool.connect().catch((error: Error) => Promise.reject(definite(error)))
    try {
      const result = await client.query<{ fence: string }>(statement)
      client.release()
      return result
    } catch (error) {
      client.release(true)
      throw isRefusal(error) ? definite(error) : error
    }
  }

  const free = async (key: string, token: string) => (await run('release', releaseSql, [key, token])).rowCount === 1

  /** Now and then somebody's release does it for all; a failure only leaves it to the next. */
  function sweep() {
    if (performance.now() < sweptAtMs + sweepEveryMs) return
    sweptAtMs = performance.now()
    run('sweep', sweepSql, []).catch(() => {})
  }

  return {
    async take(key, token, ttlMs, { fence = '0', stays }) {
      const sentAtMs = performance.now()
      const { rows } = await run('take', takeSql, [key, token, ttlMs, fence, owner])
      if (rows[0]) return { taken: true, fence: rows[0].fence, validUntilMs: validUntil(sentAtMs, ttlMs) }
      if (stays) await run('stand', standSql, [key, token, placeMs, owner])
      return { taken: false, retryInMs: jittered(retryMs) }
    },
    async extend(key, token, ttlMs) {
      const sentAtMs = performance.now()
      const { rowCount } = await run('extend', extendSql, [key, token, ttlMs])
      return rowCount === 1 && { validUntilMs: validUntil(sentAtMs, ttlMs) }
    },
    async release(key, token) {
      const freed = await free(key, token)
      sweep()
      return freed
    },
    cleanUp(key, token, untilMs) {
      cleaning.clean(untilMs, async () => {
        await run('leave', leaveSql, [key, token])
        await free(key, token)
      })
    },
    async close() {
      await cleaning.close()
      await pool.end()
    },
  }
}

/** A statement that Postgres answers with an error was rolled back; one that lost its server, or its answer, may have been committed. */
function isRefusal(error: unknown): error is Error {
  return error instanceof pg.DatabaseError && !/^(08|57P)/.test(error.code ?? '08')
}
