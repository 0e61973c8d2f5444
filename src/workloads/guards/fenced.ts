import type { Guard } from './guard.ts'

/**
 * Guard `fenced`: the lock, and a ledger that does not believe it. The ledger keeps the highest fence of each resource and refuses a write that
 * comes with a lower one: a stale write, counted as refused, not as damage.
 * https://martin.kleppmann.com/2016/02/08/how-to-do-distributed-locking.html
 */
export const fenced: Guard = async ({ request, key, fence, db, work, abandoned }, { look }) => {
  if (fence === undefined) throw new Error('guard: fenced needs a fence with every grant, and this one has none')
  // The ledger has to see the fence before it answers the read. Else an older holder could still write between our read and our write, with
  // a fence that nothing contradicts yet, and our write would undo its own.
  await db.query(show, [key, fence])
  const writes = await look(db, fence)
  if (typeof writes === 'string') return writes
  await work()
  if (abandoned()) return 'abandoned'
  return db.transaction(async (session) => {
    // Its row stays locked until the end, so writes to one resource come one after another.
    const open = await session.query(gate, [key, fence])
    if (open.length === 0) {
      await session.query('INSERT INTO refusals VALUES ($1, $2, $3)', [request.requestId, key, fence])
      return 'refused'
    }
    for (const { sql, values } of writes) await session.query(sql, values)
    return 'done'
  })
}

const show = `
  INSERT INTO fences AS known VALUES ($1, $2)
  ON CONFLICT (resource) DO UPDATE SET last_fence = greatest(known.last_fence, excluded.last_fence)`

const gate = `
  INSERT INTO fences AS known VALUES ($1, $2)
  ON CONFLICT (resource) DO UPDATE SET last_fence = excluded.last_fence WHERE known.last_fence <= excluded.last_fence
  RETURNING 1`
