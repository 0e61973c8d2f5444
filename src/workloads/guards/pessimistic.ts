import type { Guard } from './guard.ts'

/**
 * Guard `pessimistic`: no lock on Redis but a row of the ledger, held by `SELECT … FOR UPDATE` through all of the work, as seed 002's shop did before. Right, and it keeps a connection for
 * each one who waits: with more of them than connections, the others wait for a connection. Who waits for longer than `waitMs` is contended.
 */
export const pessimistic: Guard = async ({ key, waitMs, db, work }, { look }) => {
  try {
    return await db.transaction(async (session) => {
      await session.query(`SELECT set_config('lock_timeout', $1, true)`, [`${Math.max(1, Math.round(waitMs))}ms`])
      await session.query('INSERT INTO versions VALUES ($1, 0) ON CONFLICT DO NOTHING', [key])
      await session.query('SELECT 1 FROM versions WHERE resource = $1 FOR UPDATE', [key])
      const writes = await look(session, null)
      if (typeof writes === 'string') return writes
      await work()
      for (const { sql, values } of writes) await session.query(sql, values)
      return 'done'
    })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === lockNotAvailable) return 'contended'
    throw error
  }
}

const lockNotAvailable = '55P03'
