import type { z } from 'zod'

/** What a shop does under the lock: read, think, write. It believes the lock and nothing else, unless `guard` turns a second defence on. */
export interface Workload<Options = unknown> {
  kind: string
  /** One line for `picklock list workloads`. */
  title: string
  /** The scenario's `workload:` block without `kind`. */
  options: z.ZodType<Options>
  /** Whether it writes to the ledger. */
  ledger: boolean
  /** The door's path for this work, e.g. `POST /orders`. */
  door: { path: string; body: z.ZodType }
  /** The request of an iteration, drawn from the seed. Pure. */
  request(options: Options, draw: Draw): WorkRequest
  /** The lock's key for a request. */
  key(request: WorkRequest): string
  /** The work under the lock. Resolves to what the door answers. Throws where the ledger itself fails (indeterminate). */
  run(context: WorkContext<Options>): Promise<'done' | 'repeated' | 'refused' | 'abandoned'>
}

export interface Draw {
  /** Uniform in [0, 1). */
  number(): number
  requestId: string
  userId: number
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
  options: Options
  /** Draws a duration of the scenario's `workMs` and waits it out; on the way the server extends the lease where it has to. */
  work(): Promise<void>
  /** True once the hold is known to be lost (a refused extension, `lost` fired): abandon before the write. */
  abandoned(): boolean
  /** The grant's fence for `guard: fenced`. */
  fence: string | undefined
  /** The drill's schema in the ledger. */
  db: LedgerSession
}

/** The few queries that a workload needs; rows are plain objects. */
export interface LedgerSession {
  query<Row>(sql: string, values?: unknown[]): Promise<Row[]>
}
