import type { Checker } from './checker.ts'
import { damageFinding, plural } from './damage.ts'

export const oversold = {
  name: 'oversold',
  title: 'Units sold beyond the stock, counted in the ledger',
  metrics: ['oversold'],
  check: ({ damage }) => damageFinding('oversold', damage, (count) => `${plural(count, 'unit')} sold beyond the stock`),
} satisfies Checker
