import type { Checker } from './checker.ts'
import { damageFinding, plural } from './damage.ts'

export const negativeStock = {
  name: 'negative_stock',
  title: 'Products whose stock ever went below zero, counted in the ledger',
  metrics: ['negative_stock'],
  check: ({ damage }) =>
    damageFinding('negative_stock', damage, (count) => `${plural(count, 'product')} whose stock went below zero`),
} satisfies Checker
