import type { Finding, Severity } from './checks/check.ts'

/** What `audit` says: `--format json` prints this. Keys are shown as text, bytes that are none as `\xNN`; values are never shown. */
export interface AuditReport {
  schema: 1
  picklock: string
  startedAt: string
  durationMs: number
  ttlLimitMs: number
  nodes: NodeReport[]
}

export interface NodeReport {
  /** The URL, without a password. */
  node: string
  version: string | null
  role: string | null
  keys: number
  usedBytes: number | null
  limitBytes: number | null
  /** Keys by what is left of their time. */
  ttl: { label: string; keys: number }[]
  /** The largest first. */
  patterns: PatternReport[]
  findings: (Finding & { check: string })[]
  /** Settings as CONFIG GET told them. */
  settings: Record<string, string>
  /** A sentence each: what is worth knowing beside. */
  notes: string[]
  /** A sentence each: what could not be read. Empty: everything was. */
  notRead: string[]
}

export interface PatternReport {
  pattern: string
  keys: number
  noTtl: number
  overLimit: number
  longestTtlMs: number
  ttl: number[]
  /** Estimated from some of the keys. */
  bytes: number | null
  /** Why it is taken for a lock. */
  lock: { how: string; why: string } | null
  bookkeeping: boolean
  /** Keys more (or fewer) than in the first pass. */
  grownBy: number | null
  examples: string[]
}

const order: Severity[] = ['high', 'medium', 'low']

export const bySeverity = <T extends { severity: Severity }>(findings: readonly T[]): T[] =>
  findings.toSorted((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity))

export const countOf = ({ nodes }: AuditReport, severity: Severity): number =>
  nodes.reduce((sum, { findings }) => sum + findings.filter((each) => each.severity === severity).length, 0)

/**
 * By the table of exit codes: 3 where something could not be read (what was is in the report), 1 for a finding of high severity, 99 for one of
 * medium: it holds today.
 */
export function exitCodeOf(report: AuditReport): number {
  if (report.nodes.some(({ notRead }) => notRead.length > 0)) return 3
  if (countOf(report, 'high') > 0) return 1
  return countOf(report, 'medium') > 0 ? 99 : 0
}
