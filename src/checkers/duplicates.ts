import type { Checker } from './checker.ts'
import { damageFinding, plural } from './damage.ts'

export const duplicates = {
  name: 'duplicates',
  title: 'Orders beyond the first with one request id, counted in the ledger',
  metrics: ['duplicates'],
  check: ({ damage }) =>
    damageFinding(
      'duplicates',
      damage,
      (count) => `${plural(count, 'duplicate order')} in the ledger: a request that was done before was done again`,
    ),
} satisfies Checker
