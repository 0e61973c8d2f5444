/**
 * The ledger: the system of record in Postgres, the one truth about business damage. One Postgres server for a run of drills, one
 * schema per drill. Servers reach it directly, never through Toxiproxy: the resource itself is not what breaks.
 */
export interface Ledger extends AsyncDisposable {
  /** A connection string for a server process; it carries the password of the run. */
  url: string
  /** Makes the drill's schema with its products (and coupons, accounts) in their first state; returns the schema's name. */
  prepare(options: { schema: string; products: number; stock: number }): Promise<void>
  /** Counts the damage by SQL. */
  damage(schema: string): Promise<Damage>
  drop(schema: string): Promise<void>
  logFile: string
  pid: number
}

/** Damage counted by SQL after the drill; each number has the design's meaning. */
export interface Damage {
  /** Orders beyond the first with one request id. */
  duplicates: number
  /** Units sold beyond the stock. */
  oversold: number
  /** Products whose stock ever went below 0. */
  negative_stock: number
  /** Units sold minus (first stock − last stock), per product, absolute. */
  lost_updates: number
  /** Writes that the ledger refused because their fence was lower than one it had seen (guard: fenced). */
  stale_writes_refused: number
  /** Lower fences that the ledger nevertheless accepted; must be 0 by construction. */
  stale_writes_accepted: number
  /** Rows of the orders table, for orientation. */
  orders: number
  /** Up to 20 examples a metric for the report: the orders and products involved. */
  examples: Record<string, { what: string; requestIds?: string[]; product?: number }[]>
}
