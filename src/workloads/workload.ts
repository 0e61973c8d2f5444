import type { z } from 'zod'
import type { Shelf } from './guards/shelf.ts'

/** What a shop does under the lock: read, think, write. It believes the lock and nothing else, unless `guard` turns a second defence on. */
export interface Workload<Options = unknown> {
  kind: string
  /** One line for `picklock list workloads`. */
  title: string
  /** The scenario's `workload:` block without `kind`. */
  options: z.ZodType<Options>
  /** Whether it writes to the ledger. */
  ledger: boolean
  /** The door's path for this work, e.g. `POST /orders`; `{couponId}` in it is a whole number of the request, which the body then leaves out. */
  door: { path: string; body: z.ZodType }
  /** The request of an iteration, drawn from the seed. Pure. */
  request(options: Options, draw: Draw): WorkRequest
  /** The lock's key for a request. */
  key(request: WorkRequest): string
  /** The work under the lock. Resolves to what the door answers. Throws where the ledger itself fails (indeterminate). */
  run(context: WorkContext<Options>): Promise<WorkOutcome>
}

/**
 * `refused`: sold out, limit reached, not enough, or a fence that is too low. What waits in vain for a row, or for Redis where that decides
 * (guards `optimistic`, `pessimistic` and `lua`), is `contended`, `unavailable` or `indeterminate` as with a lock; nothing was written then.
 */
export type WorkOutcome = 'done' | 'repeated' | 'refused' | 'abandoned' | 'contended' | 'unavailable' | 'indeterminate'

export interface Draw {
  /** Uniform in [0, 1). */
  number(): number
  requestId: string
  userId: number
  /** 0-based, unique in the drill. */
  iteration: number
}

export interface WorkRequest {
  requestId: string
  userId: number
  productId?: number
  quantity?: number
  amount?: number
  couponId?: number
}

export interface WorkContext<Options> {
  request: WorkRequest
  /** The lock's key for it; guards know the resource by this name, too. */
  key: string
  options: Options
  /** How long a guard of its own may wait for others. */
  waitMs: number
  /** Draws a duration of the scenario's `workMs` and waits it out; on the way the server extends the lease where it has to. */
  work(): Promise<void>
  /** True once the hold is known to be lost (a refused extension, `lost` fired): abandon before the write. */
  abandoned(): boolean
  /** The grant's fence for `guard: fenced`. */
  fence: string | undefined
  /** The drill's schema in the ledger. */
  db: LedgerSession
  /** For `guard: lua` only. */
  shelf: Shelf | undefined
}

/** The few queries that a workload needs; rows are plain objects. */
export interface LedgerSession {
  query<Row>(sql: string, values?: unknown[]): Promise<Row[]>
  /** All of it or, where it throws, nothing. */
  transaction<Result>(run: (session: Pick<LedgerSession, 'query'>) => Promise<Result>): Promise<Result>
}
