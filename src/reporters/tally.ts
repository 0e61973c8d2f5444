import { Chalk } from 'chalk'
import { verdictMark } from './color.ts'
import type { ConsoleOptions } from './console.ts'
import type { Report } from './report.ts'
import { plain, plural, wrap } from './text.ts'

/** What a run with `--repeat` prints: a line a run, and at the end how often each verdict came. Pure. */

const labelWidth = 14
/** Seeds that are written out; the reports have them all. */
const seedsMax = 20

const nameOf = ({ scenario, topology, lock }: Report) => [scenario, topology, lock].map(plain).join(' · ')

/** One run of several: its verdict, its seed, in one line why, and where to read on unless it is valid. */
export function renderRun(report: Report, { width, color, folder }: ConsoleOptions): string {
  const chalk = new Chalk({ level: color })
  const mark = verdictMark(report.verdict, chalk) + ' '.repeat(labelWidth - 2 - verdictMark(report.verdict).length)
  const head = `${nameOf(report)} · seed ${report.seed}`
  const why = plain(
    report.verdict === 'unknown' ? (report.unknownBecause[0] ?? '') : (report.findings[0]?.message ?? ''),
  )
  const left = width - labelWidth - head.length - 3
  const told = why === '' || left < 20 ? '' : ` · ${why.length > left ? `${why.slice(0, left - 1)}…` : why}`
  const more =
    report.verdict === 'valid' || folder === undefined ? '' : `${' '.repeat(labelWidth)}${folder}/report.html\n`
  return `  ${mark}${head}${told}\n${more}`
}

/** How often each verdict came, for each scenario, topology and lock: "invalid in 3 of 20 runs (15 %)". */
export function renderTally(reports: readonly Report[], options: ConsoleOptions): string {
  const groups = Map.groupBy(reports, nameOf)
  return [...groups].map(([name, group]) => tally(name, group, options)).join('')
}

function tally(name: string, group: readonly Report[], { width, color }: ConsoleOptions): string {
  const chalk = new Chalk({ level: color })
  const count = (verdict: Report['verdict']) => group.filter((report) => report.verdict === verdict).length
  const worst = (['invalid', 'unknown', 'valid'] as const).find((verdict) => count(verdict) > 0)!
  const others = (['invalid', 'unknown', 'valid'] as const).filter((verdict) => verdict !== worst && count(verdict) > 0)
  const mark = verdictMark(worst, chalk) + ' '.repeat(labelWidth - 2 - verdictMark(worst).length)
  const text = (label: string, words: string) =>
    wrap(words, Math.max(20, width - labelWidth)).map(
      (line, index) => `  ${chalk.dim((index === 0 ? label : '').padEnd(labelWidth - 2))}${line}`,
    )
  const said = `${worst} in ${count(worst)} of ${plural(group.length, 'run')} (${percent(count(worst) / group.length)})`
  const lines = [
    `  ${mark}${chalk.bold(name)}`,
    ...text('', [said, ...others.map((verdict) => `${verdict} in ${count(verdict)}`)].join(', ')),
  ]
  const failed = group.filter(({ verdict }) => verdict === worst)
  if (worst !== 'valid') {
    const seeds = failed.slice(0, seedsMax).map(({ seed }) => seed)
    const more = failed.length > seedsMax ? ` and ${failed.length - seedsMax} more` : ''
    lines.push(
      ...text('seeds', `${seeds.join(', ')}${more}`),
      `  ${chalk.dim('again'.padEnd(labelWidth - 2))}${plain(failed[0]!.reproduce)}`,
    )
  }
  return `\n${lines.join('\n')}\n`
}

/** Whole, but for what would round to nothing or to all. */
function percent(share: number): string {
  const whole = Math.round(share * 100)
  const exact = whole / 100 === share || (whole > 0 && whole < 100)
  return `${exact ? whole : (share * 100).toFixed(1)} %`
}
