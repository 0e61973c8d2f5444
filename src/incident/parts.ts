import { ledgerMetrics } from '../ledger/words.ts'
import type { Report } from '../reporters/report.ts'
import { humanCount } from '../reporters/text.ts'
import type { Block } from './block.ts'
import type { Words } from './words/words.ts'

/** What several sections of a post-mortem share. */

export const heading = (words: Words, name: keyof Words['headings'], level: 2 | 3 = 2): Block => ({
  kind: 'heading',
  level,
  text: words.headings[name],
})

/** The metrics of damage that this drill counted. */
export const damageMetrics = ({ counts }: Report): string[] =>
  [...ledgerMetrics, 'overlaps'].filter((metric) => counts[metric] !== undefined)

export const numberText = (count: number | undefined, otherwise: string) =>
  count === undefined ? otherwise : humanCount(count)
