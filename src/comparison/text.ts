import { Chalk } from 'chalk'
import type { ConsoleOptions } from '../reporters/console.ts'
import type { Report } from '../reporters/report.ts'
import { plain, wrap } from '../reporters/text.ts'
import { honestly, type Comparison, type ComparisonRow } from './compare.ts'

const marks = { better: '✓ better', worse: '✗ worse', 'within noise': '· noise', same: '· same' }
const markWidth = 10

/** For a terminal: what changed first, then the rest, then what two runs can tell at all. */
export function renderComparison(
  [a, b]: readonly [Report, Report],
  comparison: Comparison,
  options: ConsoleOptions,
): string {
  const chalk = new Chalk({ level: options.color })
  const width = Math.max(40, options.width)
  const nameOf = (report: Report) =>
    plain([report.scenario, report.topology, report.lock, `seed ${report.seed}`].join(' · '))
  const paint = { better: chalk.green, worse: chalk.red, 'within noise': chalk.dim, same: chalk.dim }
  const nameWidth = Math.max(...comparison.rows.map(({ what }) => what.length)) + 2
  const line = ({ change, what, before, after, note }: ComparisonRow) => [
    `  ${paint[change](marks[change].padEnd(markWidth))}${what.padEnd(nameWidth)}${before} → ${after}`,
    ...(note === '' ? [] : indented(plain(note), width, 2 + markWidth)),
  ]
  const order = ['worse', 'better', 'same', 'within noise']
  const rows = comparison.rows.toSorted((one, other) => order.indexOf(one.change) - order.indexOf(other.change))
  const lines = [
    `  ${chalk.bold(nameOf(a))}`,
    `  ${chalk.bold(nameOf(b))}`,
    '',
    ...rows.flatMap(line),
    '',
    ...(comparison.differ.length > 0
      ? indented(`Only what broke is compared: ${comparison.differ.map(plain).join('; ')}.`, width, 2)
      : indented(honestly, width, 2)),
  ]
  return `\n${lines.join('\n')}\n`
}

const indented = (text: string, width: number, by: number) =>
  wrap(text, width - by).map((line) => ' '.repeat(by) + line)
