import type { Checker } from './checker.ts'
import { damageFinding, plural } from './damage.ts'

export const lostUpdates = {
  name: 'lost_updates',
  title: 'Sales that the stock does not show: units sold minus the drop of the stock, per product, absolute',
  metrics: ['lost_updates'],
  check: ({ damage }) =>
    damageFinding(
      'lost_updates',
      damage,
      (count) => `${plural(count, 'update')} lost: the stock does not show what was sold`,
    ),
} satisfies Checker
