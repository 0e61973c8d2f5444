import { inWords } from '../ledger/words.ts'
import type { Evidence, Finding } from './checker.ts'

/** Examples that a sentence can carry. */
const examplesMax = 3

/** What the ledger counted, as a finding, in the words of the drill's workload; none where it counted nothing or there is no ledger. */
export function damageFinding(
  metric: 'duplicates' | 'oversold' | 'negative_stock' | 'lost_updates' | 'stale_writes_accepted',
  { plan, damage }: Evidence,
  meaning: string,
): Finding[] {
  const count = damage?.[metric] ?? 0
  if (count === 0) return []
  const sentence = `${inWords(plan.workload.kind, metric, count)} in the ledger: ${meaning}`
  const examples = (damage?.examples[metric] ?? []).slice(0, examplesMax).map(({ what }) => what)
  const message = examples.length > 0 ? `${sentence}; for example ${examples.join('; ')}` : sentence
  return [{ checker: metric, metric, count, message }]
}

export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`
