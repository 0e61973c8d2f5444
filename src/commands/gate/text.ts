import { Chalk } from 'chalk'
import type { ConsoleOptions } from '../../reporters/console.ts'
import { humanMs, plain, plural, wrap } from '../../reporters/text.ts'
import type { GateResult } from './result.ts'

type Comparison = NonNullable<GateResult['comparison']>
export type Row = Comparison['rows'][number]

export const changeMarks: Record<Row['change'], string> = {
  slower: '✗ slower',
  faster: '✓ faster',
  alike: '= alike',
  'not told': '? not told',
}
const markWidth = 12

/** `0.48 ms → 0.61 ms` */
export const levels = ({ baselineMs, lockMs }: Row) => `${humanMs(baselineMs ?? NaN)} → ${humanMs(lockMs ?? NaN)}`

/** `+27 % (+22 to +33 %)`; what nothing bounds is left out. */
export function ratioText({ ratio, lower, upper }: Row): string {
  if (ratio === null) return ''
  const bounds = lower === null || upper === null ? '' : ` (${signed(lower)} to ${signed(upper)} %)`
  return `${signed(ratio)} %${bounds}`
}

function signed(ratio: number): string {
  const percent = Math.round((ratio - 1) * 100)
  return percent > 0 ? `+${percent}` : percent < 0 ? `−${-percent}` : '0'
}

export const heading = (lock: string, { baseline, topology, rows, measurements }: Comparison) =>
  `${lock} beside ${baseline}, on ${topology}: ${plural(Math.max(0, ...rows.map(({ pairs }) => pairs)), 'pair')} of slices${measurements > 1 ? ', measured twice' : ''}`

/** The comparison's block on the console: baseline → lock. */
export function renderComparison({ lock, comparison }: GateResult, { width, color }: ConsoleOptions): string {
  const chalk = new Chalk({ level: color })
  const paint = { slower: chalk.red, faster: chalk.green, alike: chalk.dim, 'not told': chalk.yellow }
  if (comparison === undefined)
    return `\n  ${chalk.dim('latency')}     not compared: there is no \`baseline\` to compare it with\n`
  const indented = (text: string, by: number) =>
    wrap(plain(text), Math.max(20, width - by)).map((line) => ' '.repeat(by) + line)
  const nameWidth = Math.max(...comparison.rows.map(({ metric }) => metric.length)) + 2
  const lines = [
    `  ${chalk.bold(plain(heading(lock, comparison)))}`,
    ...comparison.rows.flatMap((row) => [
      `  ${paint[row.change](changeMarks[row.change].padEnd(markWidth))}${row.metric.padEnd(nameWidth)}${levels(row)}   ${ratioText(row)}`.trimEnd(),
      // What too few samples leave open is told below.
      ...(row.note === '' || row.few ? [] : indented(row.note, 2 + markWidth)),
    ]),
    ...comparison.unknownBecause.flatMap((reason) => indented(`unknown: ${reason}`, 2)),
  ]
  return `\n${lines.join('\n')}\n`
}
