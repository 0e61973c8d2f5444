import type { Checker } from './checker.ts'
import { damageFinding } from './damage.ts'

export const negativeStock = {
  name: 'negative_stock',
  title: 'Products whose stock, and accounts whose balance, ever went below zero, counted in the ledger',
  metrics: ['negative_stock'],
  check: (evidence) => damageFinding('negative_stock', evidence, 'what was left went below zero'),
} satisfies Checker
