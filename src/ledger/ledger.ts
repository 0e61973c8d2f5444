/**
 * The ledger: the system of record in Postgres, the one truth about business damage. One Postgres server for a run of drills, one
 * schema per drill. Servers reach it directly, never through Toxiproxy: the resource itself is not what breaks.
 */
export interface Ledger extends Books {
  logFile: string
  pid: number
}

/** The way to the ledger, from whichever process. */
export interface Books extends AsyncDisposable {
  /** A connection string for a server process; it carries the password of the run. */
  url: string
  /** Makes the drill's schema with its products, coupons and accounts in their first state. */
  prepare(options: { schema: string } & Opening): Promise<void>
  /** Counts the damage by SQL. */
  damage(schema: string): Promise<Damage>
  drop(schema: string): Promise<void>
}

/** How many there are at first, and what each of them has; what is absent is 0. */
export interface Opening {
  products?: number
  stock?: number
  coupons?: number
  limit?: number
  accounts?: number
  balance?: number
}

/** Damage counted by SQL after the drill; what each number means for a workload stands in its book (books/). */
export interface Damage {
  /** Orders or deductions beyond the first with one request id; coupons beyond the first that one user got. */
  duplicates: number
  /** Units sold beyond the stock, coupons issued beyond the limit, points spent beyond the balance. */
  oversold: number
  /** Products whose stock, or accounts whose balance, ever went below 0. */
  negative_stock: number
  /** Units sold minus (first stock − last stock), per product, absolute; likewise points and balances. */
  lost_updates: number
  /** Writes that the ledger refused because their fence was lower than one it had seen (guard: fenced). */
  stale_writes_refused: number
  /** Lower fences that the ledger nevertheless accepted; must be 0 by construction. */
  stale_writes_accepted: number
  /** Orders, issues and deductions in the books, for orientation. */
  entries: number
  /** Up to 20 examples a metric for the report. */
  examples: Record<string, { what: string; requestIds?: string[] }[]>
}
