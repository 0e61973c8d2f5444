import type { DamageMetric } from '../ledger/books/book.ts'
import { inWords } from '../ledger/words.ts'
import { plural } from '../reporters/text.ts'

/** Damage that can be counted while the load is on: what is under way looks like no more of it. */
export const bookMetrics = ['duplicates', 'oversold', 'negative_stock'] as const satisfies DamageMetric[]

/** What was found so far, by metric. */
export type Found = { [metric in 'overlaps' | (typeof bookMetrics)[number]]?: number }

/** `3 overlaps`, `5 units oversold`; nothing of what was not found. */
export function foundInWords(found: Found, workload: string): string[] {
  return [
    ...(found.overlaps ? [plural(found.overlaps, 'overlap')] : []),
    ...bookMetrics.flatMap((metric) => (found[metric] ? [inWords(workload, metric, found[metric])] : [])),
  ]
}
