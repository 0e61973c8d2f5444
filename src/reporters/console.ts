import { Chalk, type ChalkInstance, type ColorSupportLevel } from 'chalk'
import { inWords, refusalOf } from '../ledger/words.ts'
import { verdictMark } from './color.ts'
import { latencyRows } from './latency.ts'
import { labelWidth, layout, narrow, type Paint, type Write } from './layout.ts'
import type { Report } from './report.ts'
import { humanCount, humanMs, moment, plain, plural, recordedText } from './text.ts'

/**
 * The console's last block: what a tired person reads in ten seconds. Pure: `width` in columns, `color` is chalk's level (0 = none).
 * `folder` is where the report lies, as the reader would type it.
 */
export interface ConsoleOptions {
  width: number
  color: ColorSupportLevel
  folder?: string
}

export function renderConsole(report: Report, options: ConsoleOptions): string {
  const chalk = new Chalk({ level: options.color })
  const write = layout(options.width, chalk)
  const blocks = [
    [...verdictLines(report, write, chalk), ...damageLines(report, write), ...faultLines(report, write, chalk)],
    [...thresholdLines(report, write), ...controlLines(report, write)],
    ['', ...latencyTable(report, options.width, chalk), ''],
    counterLines(report, write),
    // Never broken into lines: these two are for copying.
    options.folder === undefined ? [] : copyable('report', `${options.folder}/report.html`, options.width, chalk),
    copyable('again', report.reproduce, options.width, chalk),
  ]
  return `\n${blocks.flat().join('\n')}\n`
}

/** A control's block: what it was caught by, without what a person asks of a lock that is to be used. */
export function renderControl(report: Report, options: ConsoleOptions): string {
  const chalk = new Chalk({ level: options.color })
  const write = layout(options.width, chalk)
  const caught = report.verdict === 'invalid'
  const mark = caught ? '✓ caught' : '? MISSED'
  const name = [report.scenario, report.topology, report.lock].map(plain).join(' · ')
  const lines = [
    ...headline(mark, caught ? chalk.green : chalk.yellow, `${name}, the control`, write),
    ...sentences(report).flatMap((sentence) => write('', sentence)),
    ...report.unknownBecause.flatMap((reason) => write('', `unknown: ${reason}`)),
    ...damageLines(report, write),
    ...(options.folder === undefined ? [] : copyable('report', `${options.folder}/report.html`, options.width, chalk)),
  ]
  return `\n${lines.join('\n')}\n`
}

function copyable(label: string, text: string, width: number, chalk: ChalkInstance): string[] {
  if (width < narrow) return [`  ${chalk.dim(label)}`, `    ${plain(text)}`]
  return [`  ${chalk.dim(label.padEnd(labelWidth - 2))}${plain(text)}`]
}

/** A mark in the column of the labels, and what it is about. */
function headline(mark: string, paintMark: Paint, text: string, write: Write, paint?: Paint): string[] {
  const lines = write('', text, paint)
  const isBeside = mark.length < labelWidth && lines[0]!.startsWith(' '.repeat(labelWidth))
  if (!isBeside) return [`  ${paintMark(mark)}`, ...lines]
  return [`  ${paintMark(mark)}${lines[0]!.slice(mark.length + 2)}`, ...lines.slice(1)]
}

function verdictLines(report: Report, write: Write, chalk: ChalkInstance): string[] {
  const name = [report.scenario, report.topology, report.lock, `seed ${report.seed}`].map(plain).join(' · ')
  const mark = verdictMark(report.verdict)
  return [
    ...headline(mark, () => verdictMark(report.verdict, chalk), name, write, chalk.bold),
    // What was seen does not get lost behind a verdict that convicts nobody.
    ...sentences(report).flatMap((sentence, index) =>
      write(report.verdict === 'unknown' && index === 0 ? 'seen' : '', sentence),
    ),
    ...report.unknownBecause.flatMap((reason) => write('', `unknown: ${reason}`)),
    ...write('load', loadSentence(report)),
    ...earlyLines(report, write),
  ]
}

function earlyLines({ endedEarly }: Report, write: Write): string[] {
  if (endedEarly === undefined) return []
  return write('ended', `early, at ${moment(endedEarly.atMs)}: ${endedEarly.threshold} was crossed (abortOnFail)`)
}

/** What the ledger lost is summed up on the line `damage`; its sentences are for drills where nothing else was found, and for the page. */
function sentences({ findings }: Report): string[] {
  const ledger = new Set<string>(damages)
  const others = findings.filter(({ metric }) => !ledger.has(metric))
  return (others.length > 0 ? others : findings).map(({ message }) => message)
}

/** What became of the requests; words as in the report, and what never happened is left out. */
const outcomes = [
  ['done', 'done'],
  ['repeated', 'done before'],
  ['refused', 'refused'],
  ['contended', 'contended'],
  ['unavailable', 'unavailable'],
  ['indeterminate', 'indeterminate'],
  ['abandoned', 'abandoned'],
  ['unsettled', 'unsettled'],
  ['dropped_iterations', 'dropped iterations'],
  ['undelivered_requests', 'undelivered'],
  ['turned_away', 'turned away at the door'],
  ['misunderstood', 'not understood at the door'],
] as const

function loadSentence({ counts, workload }: Report): string {
  const why = refusalOf(workload)
  const more = (name: string) => (name === 'refused' && why !== undefined ? ` (${why})` : '')
  const parts = outcomes.flatMap(([name, words]) => (counts[name] ? [`${counts[name]} ${words}${more(name)}`] : []))
  return [plural(counts['requests'] ?? 0, 'request'), ...parts].join(' · ')
}

const damages = ['duplicates', 'oversold', 'negative_stock', 'lost_updates', 'stale_writes_refused'] as const

function damageLines({ counts, recorded, workload }: Report, write: Write): string[] {
  const counted = damages.filter((metric) => counts[metric] !== undefined)
  if (counted.length === 0) return []
  const parts = counted.flatMap((metric) => (counts[metric] ? [inWords(workload, metric, counts[metric])] : []))
  return [
    ...write('damage', parts.length > 0 ? parts.join(' · ') : 'none in the ledger'),
    ...(recorded === undefined ? [] : write('on the day', recordedText(recorded, workload))),
  ]
}

function faultLines({ faults }: Report, write: Write, chalk: ChalkInstance): string[] {
  return faults.flatMap((fault) => {
    const what = `${fault.fault} ${fault.target}`
    if (!fault.landed) return write('fault', `${what} did not land: ${fault.proof}`, chalk.yellow)
    const at = fault.appliedAtMs === null ? '' : ` at ${moment(fault.appliedAtMs)}`
    const healed = fault.healedAtMs === null ? 'not healed' : `healed at ${moment(fault.healedAtMs)}`
    return write(
      'fault',
      `${what}${at}: landed (${fault.proof}), ${plural(fault.holdsDuring, 'hold')} during it, ${healed}`,
    )
  })
}

/** Crossed thresholds that no finding tells about: latency, service, and a budget that was passed. */
function thresholdLines({ thresholds, findings }: Report, write: Write): string[] {
  const told = new Set(findings.map((finding) => finding.metric))
  return thresholds
    .filter(({ ok, metric }) => !ok && !told.has(metric.split('{')[0]!))
    .flatMap(({ metric, threshold, value }) =>
      write(
        'threshold',
        `${metric}: ${threshold} crossed, it was ${value === null ? 'not measured' : humanCount(value)}`,
      ),
    )
}

function controlLines({ control }: Report, write: Write): string[] {
  if (control === undefined) return []
  if (control.verdict === 'invalid') {
    const after = control.afterMs === null ? '' : ` after ${humanMs(control.afterMs)}`
    return write('control', `${control.lock}: caught${after}${control.metric === null ? '' : ` (${control.metric})`}`)
  }
  return write(
    'control',
    `${control.lock}: not caught (${control.verdict}), so this run could not have seen such a lock`,
  )
}

/** The lock's own words for what it did; what never happened is left out. */
function counterLines({ lockCounters = {} }: Report, write: Write): string[] {
  const parts = Object.entries(lockCounters).flatMap(([name, count]) => (count ? [`${name} ${humanCount(count)}`] : []))
  return parts.length > 0 ? write('the lock', parts.join(' · ')) : []
}

/** Right-aligned, with the columns that fit: count, p50, p95, p99, max; the median and the maximum stay longest. */
function latencyTable(report: Report, width: number, chalk: ChalkInstance): string[] {
  const rows = latencyRows(report)
  if (rows.length === 0) return ['  no lock was held, nothing was measured']
  const columns = ['count', 'p50', 'p95', 'p99', 'max'] as const
  const fitting = [columns, ['p50', 'p99', 'max'] as const, ['p50', 'max'] as const].find(
    (some) => labelWidth + some.length * 9 <= width,
  ) ?? ['max' as const]
  const line = (label: string, cells: string[]) =>
    `  ${label.padEnd(labelWidth - 4)}${cells.map((cell) => cell.padStart(9)).join('')}`
  return [
    chalk.dim(line('', [...fitting])),
    ...rows.map(({ label, summary }) =>
      line(
        label,
        fitting.map((column) => (column === 'count' ? String(summary.count) : humanMs(summary[column]))),
      ),
    ),
  ]
}

/** After several drills: one line per scenario and topology, one column per lock. */
export function renderMatrix(reports: readonly Report[], { width, color }: ConsoleOptions): string {
  if (reports.length === 0) return ''
  const chalk = new Chalk({ level: color })
  const locks = [...new Set(reports.map((report) => plain(report.lock)))]
  const rows = new Map<string, Map<string, Report>>()
  for (const report of reports) {
    const name = `${plain(report.scenario)} · ${report.topology}`
    if (!rows.has(name)) rows.set(name, new Map())
    rows.get(name)!.set(plain(report.lock), report)
  }
  const cellWidth = Math.max(12, ...locks.map((lock) => lock.length + 2))
  const nameWidth = Math.max(...[...rows.keys()].map((name) => name.length)) + 2
  if (nameWidth + 2 + locks.length * cellWidth > width) return renderList(reports, chalk)
  const controlled = reports.some(({ control }) => control !== undefined)
  const heads = [...locks.map((lock) => lock.padEnd(cellWidth)), ...(controlled ? ['control'] : [])]
  const header = `  ${' '.repeat(nameWidth)}${heads.join('')}`
  const lines = [...rows].map(([name, cells]) => {
    const verdicts = locks.map((lock) => {
      const verdict = cells.get(lock)?.verdict
      if (verdict === undefined) return '–'.padEnd(cellWidth)
      return verdictMark(verdict, chalk) + ' '.repeat(cellWidth - verdictMark(verdict).length)
    })
    const control = [...cells.values()].find((report) => report.control !== undefined)?.control
    if (control) verdicts.push(`${plain(control.lock)} ${control.verdict === 'invalid' ? 'caught' : 'NOT caught'}`)
    return `  ${name.padEnd(nameWidth)}${verdicts.join('')}`
  })
  return `\n${[chalk.dim(header.trimEnd()), ...lines.map((line) => line.trimEnd())].join('\n')}\n`
}

/** The matrix where it would not fit: a line a drill. */
function renderList(reports: readonly Report[], chalk: ChalkInstance): string {
  const lines = reports.map(({ verdict, scenario, topology, lock }) => {
    const padding = ' '.repeat(11 - verdictMark(verdict).length)
    return `  ${verdictMark(verdict, chalk)}${padding}${[scenario, topology, lock].map(plain).join(' · ')}`
  })
  return `\n${lines.join('\n')}\n`
}
