import { counted, shownKey } from '../audit/words.ts'
import { plain } from '../reporters/text.ts'
import type { Cleaned } from './clean.ts'
import type { Kept } from './stale.ts'

const why: Record<Kept, string> = {
  renewed: 'renewed by a holder that is alive',
  'other-value': 'taken by somebody else meanwhile',
  gone: 'gone by themselves',
  'too-large': 'larger than a lock ever is',
}

export function renderClean(cleaned: Cleaned): string {
  const { node, pattern, matched, stale, withoutTtl, removed, kept, examples, file, dryRun, more } = cleaned
  const keptSome = Object.entries(kept).filter(([, count]) => count > 0)
  const lines = [
    `${node} · ${shownKey(pattern)}`,
    `${counted(matched, 'key')} of the pattern; ${stale} may go: ${withoutTtl} without a TTL, ${stale - withoutTtl} that live on beyond the limit`,
    ...keptSome.map(([reason, count]) => `kept ${count}: ${why[reason as Kept]}`),
    `${counted(removed, 'key')} ${dryRun ? 'would be removed' : 'removed'}${examples.length > 0 ? `: ${examples.map(shownKey).join(', ')}${removed > examples.length ? ', …' : ''}` : ''}`,
    ...(dryRun && removed > 0 ? ['nothing was removed: this was a dry run; --yes removes them'] : []),
    ...(file !== null && removed > 0 ? [`what they were is in ${file}; RESTORE takes its dump`] : []),
    ...(more ? ['there are more than one run takes: run it again'] : []),
  ]
  return `\n${lines.map((line) => `  ${plain(line)}\n`).join('')}`
}
