import type { DamageMetric } from './books/book.ts'

type Words = Partial<Record<DamageMetric, readonly [one: string, many: string]>>

/** Damage that thresholds can be put on: counted in the ledger, where there is one. */
export const ledgerMetrics = [
  'duplicates',
  'oversold',
  'negative_stock',
  'lost_updates',
] as const satisfies DamageMetric[]

/** What a metric of the ledger counts, in the words of each trade; the books (books/) say how. */
const trades: Record<string, Words> = {
  oversell: {
    duplicates: ['duplicate order', 'duplicate orders'],
    oversold: ['unit oversold', 'units oversold'],
    negative_stock: ['product below zero', 'products below zero'],
    lost_updates: ['lost update', 'lost updates'],
  },
  coupon: {
    duplicates: ['second coupon to one user', 'second coupons to one user'],
    oversold: ['coupon beyond the limit', 'coupons beyond the limit'],
  },
  points: {
    duplicates: ['double deduction', 'double deductions'],
    oversold: ['point overspent', 'points overspent'],
    negative_stock: ['balance below zero', 'balances below zero'],
    lost_updates: ['point lost', 'points lost'],
  },
}

const common: Words = {
  stale_writes_refused: ['stale write refused', 'stale writes refused'],
  stale_writes_accepted: ['stale write accepted', 'stale writes accepted'],
}

/** `3 coupons beyond the limit`; an older report may name a workload that is not known any more. */
export function inWords(workload: string, metric: DamageMetric, count: number): string {
  const words = trades[workload]?.[metric] ?? common[metric] ?? trades['oversell']![metric]!
  return `${count} ${words[count === 1 ? 0 : 1]}`
}

const refusals: Record<string, string> = { oversell: 'sold out', coupon: 'limit reached', points: 'not enough' }

/** Why a shop of this trade says no; undefined where it never does. */
export const refusalOf = (workload: string): string | undefined => refusals[workload]
