import type { Checker } from './checker.ts'
import { damageFinding } from './damage.ts'

export const duplicates = {
  name: 'duplicates',
  title: 'What was done twice, counted in the ledger: orders and deductions of one request, coupons to one user',
  metrics: ['duplicates'],
  check: (evidence) => damageFinding('duplicates', evidence, 'one request was carried out more than once'),
} satisfies Checker
