import { onRedlock } from '../variants/on-redlock.ts'
import type { Variant } from '../variants/variant.ts'
import { choices, type Choice, type ChoiceName } from './choices.ts'
import { situations, type Situation, type SituationName } from './situations.ts'

/** What is sold, with enough of it that nothing sells out: whatever is slow then is the way of deciding. */
export const trades = {
  oversell: { products: 12, stock: 1000, quantity: 1, decrement: 'absolute' },
  coupon: { coupons: 12, limit: 100_000, users: 200 },
  points: { accounts: 12, balance: 100_000_000, amount: { min: 10, max: 90 }, decrement: 'absolute' },
} as const

export type Trade = keyof typeof trades

/** One drill of the table: a choice in a situation. */
export function trialOf(
  choice: ChoiceName,
  situation: SituationName,
  { trade, durationMs }: { trade: Trade; durationMs: number },
): Variant {
  const { topology, guard, title }: Choice = choices[choice]
  const { workMs = { min: 4, max: 12 }, faults }: Situation = situations[situation]
  return {
    scenario: {
      name: `advise-${trade}-${choice}-${situation}`,
      title: `${title}: ${situations[situation].title}`,
      topology,
      servers: 2,
      lock: { ttlMs: 900, waitMs: 1500 },
      workload: { kind: trade, ...trades[trade], workMs, resubmit: 0.1, guard },
      load: { executor: 'constant-vus', vus: 24, duration: `${durationMs}ms` },
      faults: faults.map((fault) => (topology === 'redlock' ? onRedlock(fault) : { ...fault })),
      settle: '1500ms',
      control: 'naive',
      evidence: { grants: 20, holdsDuringFault: 0 },
    },
    lock: 'reference',
    lockOptions: {},
  }
}
