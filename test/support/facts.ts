import type { Check } from '../../src/audit/checks/check.ts'
import type { Facts, PatternFacts } from '../../src/audit/facts.ts'
import { emptyTally, ttlLabels } from '../../src/audit/tally.ts'

/** Words for literal facts in the tests of the audit's checks. */

type Texts = Record<string, string | number>

interface Literal extends Partial<Omit<Facts, 'info' | 'config'>> {
  info?: Texts
  config?: Texts
}

const mapOf = (texts: Texts = {}) => new Map(Object.entries(texts).map(([name, text]) => [name, String(text)]))

/** A node of which nothing was told but this. */
export const facts = ({ info, config, patterns = [], ...more }: Literal): Facts => ({
  node: 'redis://127.0.0.1:6379',
  patterns,
  keys: patterns.reduce((sum, { keys }) => sum + keys, 0),
  slowlog: undefined,
  sentinels: undefined,
  betweenMs: undefined,
  info: mapOf(info),
  config: mapOf(config),
  ...more,
})

/** Keys of a pattern, so many of them without a TTL, the others with less than a second. */
export function pattern(
  name: string,
  { noTtl = 0, ...more }: Partial<PatternFacts> & { noTtl?: number },
): PatternFacts {
  const keys = more.keys ?? noTtl
  return {
    ...emptyTally(),
    pattern: name,
    keys,
    ttl: ttlCounts(noTtl, keys - noTtl),
    bytes: undefined,
    lock: undefined,
    bookkeeping: false,
    idleMs: {},
    before: undefined,
    ...more,
  }
}

/** Of an earlier pass. */
export const tally = (noTtl: number) => ({ ...emptyTally(), keys: noTtl, ttl: ttlCounts(noTtl, 0) })

const ttlCounts = (noTtl: number, withTtl: number) =>
  ttlLabels.map((_, bucket) => (bucket === 0 ? noTtl : bucket === 1 ? withTtl : 0))

/** A line a finding: its severity and its sentence. */
export const found = (check: Check, literal: Literal, ttlMs = 10_000): string[] =>
  check.look(facts(literal), { ttlMs }).map(({ severity, message }) => `${severity}: ${message}`)
