import type { Damage } from '../../src/ledger/ledger.ts'

/** A ledger in which nothing went wrong. */
export const noDamage: Damage = {
  duplicates: 0,
  oversold: 0,
  negative_stock: 0,
  lost_updates: 0,
  stale_writes_refused: 0,
  stale_writes_accepted: 0,
  entries: 10,
  examples: {},
}
