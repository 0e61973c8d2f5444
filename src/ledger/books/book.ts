import type { Damage } from '../ledger.ts'

/** What the ledger can tell to be damaged. */
export type DamageMetric = Exclude<keyof Damage, 'entries' | 'examples'>

/**
 * The damage in one trade's tables: one statement a metric; each row is one place of damage, with the `amount` of it and `what` a person
 * should know, and `requests` where it is about some.
 */
export type Book = {
  /** Its table of what was done. */
  entries: string
  damage: Partial<Record<DamageMetric, string>>
}
