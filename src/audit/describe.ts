import { numberOf, type Facts } from './facts.ts'
import { bySeverity, type NodeReport } from './report.ts'
import { ttlLabels } from './tally.ts'
import { shownKey } from './words.ts'

/** Enough for a page; what they are is counted in the histogram all the same. */
const patternsMax = 1000
const examplesMax = 3

/** What was read and found of a node, as the report has it. */
export function describeNode(
  facts: Facts,
  { findings, notes, notRead }: Pick<NodeReport, 'findings' | 'notes' | 'notRead'>,
): NodeReport {
  const { info, config, patterns } = facts
  return {
    node: facts.node,
    version: info.get('redis_version') ?? null,
    role: info.get('role') === 'slave' ? 'replica' : info.get('role') === 'master' ? 'primary' : null,
    keys: facts.keys,
    usedBytes: numberOf(info, 'used_memory') ?? null,
    limitBytes: numberOf(info, 'maxmemory') ?? null,
    ttl: ttlLabels.map((label, bucket) => ({
      label,
      keys: patterns.reduce((sum, { ttl }) => sum + ttl[bucket]!, 0),
    })),
    patterns: patterns.slice(0, patternsMax).map((each) => ({
      pattern: shownKey(each.pattern),
      keys: each.keys,
      noTtl: each.ttl[0]!,
      overLimit: each.overLimit,
      longestTtlMs: each.longestTtlMs,
      ttl: each.ttl,
      bytes: each.bytes === undefined ? null : Math.round(each.bytes),
      lock: each.lock ?? null,
      bookkeeping: each.bookkeeping,
      grownBy: each.before === undefined ? null : each.keys - each.before.keys,
      examples: each.examples.any.slice(0, examplesMax).map(shownKey),
    })),
    findings: bySeverity(findings),
    settings: Object.fromEntries([...config].toSorted(([a], [b]) => (a < b ? -1 : 1))),
    notes:
      patterns.length > patternsMax
        ? [...notes, `of ${patterns.length} patterns the largest ${patternsMax} are listed`]
        : notes,
    notRead,
  }
}
