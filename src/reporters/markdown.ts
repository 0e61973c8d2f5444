import { verdictMark } from './color.ts'
import { latencyRows } from './latency.ts'
import type { Report } from './report.ts'
import type { Reporter } from './reporter.ts'
import { humanCount, humanMs, moment, plain, recordedText } from './text.ts'

/** summary.md: for a pull request's comment or a job's summary page. */
export const markdown = {
  name: 'markdown',
  title: 'A summary for a pull request',
  file: 'summary.md',
  render: ({ report }) => fitting(sectionsOf(report)),
} satisfies Reporter

/** GitHub takes no more for a step's summary; GitLab and others take more. */
const maxBytes = 1 << 20
/** Of one cell or sentence, in characters: an error may hold a whole reply of the server. */
const cellMax = 2000
const rowsMax = 100

/** Whole sections as long as they fit: what matters stands first. */
export function fitting(all: readonly string[]): string {
  let text = ''
  for (const section of all) {
    const longer = `${text}${text === '' ? '' : '\n\n'}${section}`
    if (Buffer.byteLength(longer) > maxBytes - cut.length) return `${text}${cut}`
    text = longer
  }
  return `${text}\n`
}

const cut = '\n\nWhat follows is too long for a summary: report.json has the rest.\n'

const short = (text: string) => (text.length <= cellMax ? text : `${text.slice(0, cellMax).toWellFormed()}…`)

export function sectionsOf(report: Report): string[] {
  const name = [report.scenario, report.topology, report.lock].map(escape).join(' · ')
  const { endedEarly: early } = report
  const sentences = [
    ...report.findings.map(({ message }) => message),
    ...report.unknownBecause,
    ...(early ? [`Ended early at ${moment(early.atMs)}, ${early.threshold} being crossed (abortOnFail)`] : []),
  ]
  const counts = Object.entries(report.counts).filter(([, count]) => count !== 0)
  return [
    `## ${verdictMark(report.verdict)} ${name} (seed ${report.seed})`,
    [
      ...sentences.slice(0, rowsMax).map((sentence) => `- ${escape(sentence)}`),
      ...(sentences.length > rowsMax ? [`- and ${sentences.length - rowsMax} more, in report.json`] : []),
    ].join('\n'),
    table(['what', 'count'], counts),
    report.recorded ? `In the incident itself: ${recordedText(report.recorded, report.workload)}.` : '',
    table(['counted by the lock', ''], Object.entries(report.lockCounters ?? {})),
    table(
      ['latency', 'count', 'p50', 'p95', 'p99', 'max'],
      latencyRows(report).map(({ label, summary: { count, p50, p95, p99, max } }) => [
        label,
        count,
        ...[p50, p95, p99, max].map(humanMs),
      ]),
    ),
    table(
      ['fault', 'target', 'at', 'healed at', 'landed', 'proof'],
      report.faults.map((fault) => [
        fault.fault,
        fault.target,
        fault.appliedAtMs === null ? '–' : moment(fault.appliedAtMs),
        fault.healedAtMs === null ? '–' : moment(fault.healedAtMs),
        fault.landed ? 'yes' : 'no',
        fault.proof,
      ]),
    ),
    table(
      ['threshold', 'limit', 'value', ''],
      report.thresholds
        .filter(({ ok }) => !ok)
        .map(({ metric, threshold, value }) => [
          metric,
          threshold,
          value === null ? 'not measured' : humanCount(value),
          'crossed',
        ]),
    ),
    `Again: \`${short(plain(report.reproduce)).replaceAll('`', "'")}\``,
  ].filter((section) => section !== '')
}

export function table(head: string[], rows: (string | number)[][]): string {
  if (rows.length === 0) return ''
  const more = rows.length > rowsMax ? [`\nand ${rows.length - rowsMax} more, in report.json`] : []
  const line = (cells: (string | number)[]) => `| ${cells.map((cell) => escape(String(cell))).join(' | ')} |`
  return [line(head), `|${head.map(() => ' --- |').join('')}`, ...rows.slice(0, rowsMax).map(line), ...more].join('\n')
}

/** A key or an error is somebody else's text: no markup, no table cell, no HTML of its own. */
export function escape(text: string): string {
  return short(plain(text))
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/[\\`*_[\]|~#]/g, String.raw`\$&`)
}
