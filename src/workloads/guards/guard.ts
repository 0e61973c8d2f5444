import type { LedgerSession, WorkContext, WorkOutcome } from '../workload.ts'

/**
 * What protects the work. A workload says what it decides (Decision), a guard in which steps that comes to the ledger.
 */
export type Guard = (context: WorkContext<unknown>, decision: Decision) => Promise<WorkOutcome>

/** One decision of a shop: to sell, to issue, to deduct. */
export interface Decision {
  /** Reads the books: no (`repeated`, `refused`), or what is to be written. `fence` is written beside it where the guard checks it. */
  look(db: Pick<LedgerSession, 'query'>, fence: string | null): Promise<'repeated' | 'refused' | Statement[]>
  /** The same decision as a number that goes down, for a guard that keeps that number elsewhere. */
  taking: Taking
}

export interface Statement {
  sql: string
  values: unknown[]
}

export interface Taking {
  units: number
  /** Who may take only once: a request, or a user. */
  by: string
  /** What the ledger says is left: one row `{ left }`, none where there is no such thing. */
  left: Statement
  /** Who has taken, says the ledger: rows `{ by }`. */
  takers: Statement
  /** What a taking comes to in the ledger. */
  writes: Statement[]
}
