import type { Checker } from './checker.ts'
import { damageFinding } from './damage.ts'

export const oversold = {
  name: 'oversold',
  title: 'What went out beyond what there was, counted in the ledger: units, coupons, points',
  metrics: ['oversold'],
  check: (evidence) => damageFinding('oversold', evidence, 'more went out than there was'),
} satisfies Checker
