import { Chalk, type ColorSupportLevel } from 'chalk'
import { humanMs, plain, wrap } from '../reporters/text.ts'
import type { Severity } from './checks/check.ts'
import { countOf, type AuditReport, type NodeReport, type PatternReport } from './report.ts'
import { counted, grouped, humanBytes, humanShare, humanSpan } from './words.ts'

export interface TextOptions {
  width: number
  color: ColorSupportLevel
}

const patternsShown = 15
const bars = 30
const marks: Record<Severity, string> = { high: '✗ high  ', medium: '! medium', low: '· low   ' }

/** What a tired person reads first: what is wrong, with its evidence and what to do; then the keys. */
export function renderText(report: AuditReport, { width, color }: TextOptions): string {
  const chalk = new Chalk({ level: color })
  const paint = { high: chalk.bold.red, medium: chalk.yellow, low: chalk.dim }
  const put = (indent: number, text: string, first = '') =>
    wrap(plain(text), Math.max(20, width - indent)).map((line, index) =>
      index === 0 && first !== '' ? first + line : ' '.repeat(indent) + line,
    )
  const node = (each: NodeReport): string[] => [
    '',
    `  ${chalk.bold(plain(each.node))}${[each.version && ` · Redis ${each.version}`, each.role && ` · ${each.role}`].map((part) => plain(part || '')).join('')}`,
    ...put(2, `  ${summary(each)}`),
    ...each.findings.flatMap((finding) => [
      '',
      ...put(13, finding.message, `  ${paint[finding.severity](marks[finding.severity])}   `),
      ...finding.evidence.flatMap((line) => put(15, line).map((text) => chalk.dim(text))),
      ...put(15, `→ ${finding.advice}`),
    ]),
    ...(each.keys > 0 ? ['', ...histogram(each, chalk.dim), '', ...table(each.patterns, width, chalk.dim)] : []),
    ...each.notes.flatMap((note) => ['', ...put(2, `  note: ${note}`)]),
    ...each.notRead.flatMap((reason) => ['', ...put(2, `  not read: ${reason}`)]),
  ]
  const counts = (['high', 'medium', 'low'] as const).map((severity) => `${countOf(report, severity)} ${severity}`)
  return `${[
    ...report.nodes.flatMap(node),
    '',
    `  ${counts.join(' · ')} · ${humanMs(report.durationMs)}; nothing was written`,
  ].join('\n')}\n`
}

const summary = ({ keys, usedBytes, limitBytes, ttl, patterns }: NodeReport): string =>
  [
    counted(keys, 'key'),
    `${grouped(ttl[0]!.keys)} without a TTL`,
    `${counted(
      patterns.filter(({ lock }) => lock).reduce((sum, each) => sum + each.keys, 0),
      'lock',
    )}`,
    ...(usedBytes === null
      ? []
      : [`${humanBytes(usedBytes)}${limitBytes ? ` of ${humanBytes(limitBytes)}` : ''} used`]),
  ].join(' · ')

function histogram({ ttl, keys }: NodeReport, dim: (text: string) => string): string[] {
  return ttl
    .filter((bucket) => bucket.keys > 0)
    .map(
      ({ label, keys: some }) =>
        `  ${label.padEnd(9)} ${'█'.repeat(Math.max(1, Math.round((some / keys) * bars))).padEnd(bars)} ${dim(`${grouped(some)} (${humanShare(some / keys)})`)}`,
    )
}

function table(patterns: readonly PatternReport[], width: number, dim: (text: string) => string): string[] {
  // Locks first: they are what one came for.
  const shown = [...patterns.filter(({ lock }) => lock), ...patterns.filter(({ lock }) => !lock)].slice(
    0,
    patternsShown,
  )
  const bytes = patterns.reduce((sum, each) => sum + (each.bytes ?? 0), 0)
  const grown = shown.some(({ grownBy }) => grownBy !== null)
  const heads = ['keys', 'no TTL', '> limit', 'longest', 'memory', ...(grown ? ['grown'] : [])]
  const nameWidth = Math.max(
    12,
    Math.min(44, width - 4 - heads.length * 11, Math.max(...shown.map(({ pattern }) => plain(pattern).length + 7))),
  )
  const rows = shown.map((each) => [
    grouped(each.keys),
    grouped(each.noTtl),
    grouped(each.overLimit),
    each.longestTtlMs > 0 ? humanSpan(each.longestTtlMs) : '–',
    each.bytes === null ? '–' : `${humanBytes(each.bytes)} ${humanShare(each.bytes / bytes)}`,
    ...(each.grownBy === null ? [] : [`${each.grownBy > 0 ? '+' : ''}${grouped(each.grownBy)}`]),
  ])
  const widths = heads.map((head, column) => Math.max(head.length, ...rows.map((row) => row[column]!.length)))
  const line = (name: string, cells: readonly string[]) =>
    `  ${cut(plain(name), nameWidth).padEnd(nameWidth)}  ${cells.map((cell, column) => cell.padStart(widths[column]!)).join('  ')}`
  return [
    dim(line('pattern', heads)),
    ...shown.map(({ pattern, lock, bookkeeping }, index) =>
      line(`${cut(plain(pattern), nameWidth - 7)}${lock ? ' ● lock' : bookkeeping ? ' beside' : ''}`, rows[index]!),
    ),
    ...(patterns.length > shown.length
      ? [dim(`  and ${counted(patterns.length - shown.length, 'more pattern', 'more patterns')}`)]
      : []),
  ]
}

const cut = (text: string, width: number) => (text.length <= width ? text : `${text.slice(0, width - 1)}…`)
