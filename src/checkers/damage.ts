import type { Damage } from '../ledger/ledger.ts'
import type { Finding } from './checker.ts'

/** Examples that a sentence can carry. */
const examplesMax = 3

/** What the ledger counted, as a finding; none where it counted nothing or there is no ledger. */
export function damageFinding(
  metric: 'duplicates' | 'oversold' | 'negative_stock' | 'lost_updates' | 'stale_writes_accepted',
  damage: Damage | undefined,
  sentence: (count: number) => string,
): Finding[] {
  const count = damage?.[metric] ?? 0
  if (count === 0) return []
  const examples = (damage?.examples[metric] ?? []).slice(0, examplesMax).map(({ what }) => what)
  const message = examples.length > 0 ? `${sentence(count)}; for example ${examples.join('; ')}` : sentence(count)
  return [{ checker: metric, metric, count, message }]
}

export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`
