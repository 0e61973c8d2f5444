import type { Guard } from './guard.ts'

/**
 * Guards `lock` and `none`: the shop trusts its lock, or has none. Each step is a statement of its own. One transaction with a row lock, or a
 * unique request id, would protect the books even where the lock does not, and so hide what the drill is after.
 */
export const trusting: Guard = async ({ db, work, abandoned }, { look }) => {
  const writes = await look(db, null)
  if (typeof writes === 'string') return writes
  await work()
  if (abandoned()) return 'abandoned'
  for (const { sql, values } of writes) await db.query(sql, values)
  return 'done'
}
