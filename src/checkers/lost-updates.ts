import type { Checker } from './checker.ts'
import { damageFinding } from './damage.ts'

export const lostUpdates = {
  name: 'lost_updates',
  title:
    'What the stock or the balance does not show: what went out minus their drop, per product or account, absolute',
  metrics: ['lost_updates'],
  check: (evidence) => damageFinding('lost_updates', evidence, 'more went out than what is left shows'),
} satisfies Checker
