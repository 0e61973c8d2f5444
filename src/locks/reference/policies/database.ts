import { UsageError } from '../../../lib/failure.ts'
import { elsewhere } from './elsewhere.ts'
import { postgresLeases } from './postgres-leases.ts'

export interface DatabaseOptions {
  /** `postgres://user@host:port/database`; a password that is not in it is taken from PGPASSWORD or ~/.pgpass. */
  databaseUrl?: string
  /** For a free connection, and again for each statement (1000). */
  databaseTimeoutMs?: number
  /** Open at once, at most (10). */
  databaseConnections?: number
}

/**
 * Where Redis cannot say, a row in Postgres does. It does so all the time: with this policy every holder has its key's row, and Redis only
 * tells whose turn it is. So there is no switch that could go wrong; it costs two statements a grant, and without Postgres nobody gets a
 * lock (docs/decisions/0003-fallback-switch.md).
 */
export function openDatabase(options: DatabaseOptions) {
  const { databaseUrl: url = '', databaseTimeoutMs: timeoutMs = 1000, databaseConnections: connections = 10 } = options
  if (!/^postgres(ql)?:\/\/./.test(url)) {
    throw new UsageError('the fallback "database" needs the option databaseUrl: postgres://user@host:port/database')
  }
  return elsewhere('database', postgresLeases({ url, timeoutMs, connections }), { decisive: true })
}
