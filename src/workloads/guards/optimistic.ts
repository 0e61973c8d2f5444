import type { Guard } from './guard.ts'

/**
 * Guard `optimistic`: no lock. Every write counts the resource's version up, and only from the version that was read; who comes too late reads and
 * thinks again, until `waitMs` is over.
 */
export const optimistic: Guard = async ({ key, waitMs, db, work }, { look }) => {
  const giveUpAtMs = performance.now() + waitMs
  do {
    // Before the books: what changes after this reading is a conflict.
    const [known] = await db.query<{ version: number }>('SELECT version FROM versions WHERE resource = $1', [key])
    const writes = await look(db, null)
    if (typeof writes === 'string') return writes
    await work()
    const written = await db.transaction(async (session) => {
      const open = await session.query(gate, [key, known?.version ?? 0])
      if (open.length > 0) for (const { sql, values } of writes) await session.query(sql, values)
      return open.length > 0
    })
    if (written) return 'done'
  } while (performance.now() < giveUpAtMs)
  return 'contended'
}

const gate = `
  INSERT INTO versions AS known VALUES ($1, $2 + 1)
  ON CONFLICT (resource) DO UPDATE SET version = excluded.version WHERE known.version = $2 RETURNING 1`
