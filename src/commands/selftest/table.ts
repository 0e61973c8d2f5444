import { Chalk, type ChalkInstance, type ColorSupportLevel } from 'chalk'
import { humanMs, plain, plural } from '../../reporters/text.ts'
import { rowsOf, type Outcome, type Row } from './outcome.ts'

/** What a person reads when the selftest is over. Pure. */

/** A line on stderr as soon as a drill is over: `✓ 12/57  oversell · single · naive: caught after 1.1 s by overlaps`. */
export function progressLine(outcome: Outcome, done: number, total: number): string {
  const { result, claimed, scenario, topology, lock, metrics, afterMs, because } = outcome
  const mark = !claimed ? '·' : { caught: '✓', passed: '✓', missed: '✗', 'false alarm': '✗', unknown: '?' }[result]
  const told = {
    caught: () => ` after ${humanMs(afterMs ?? 0)} by ${metrics.join(', ')}`,
    passed: () => '',
    missed: () => '',
    'false alarm': () => `: ${because}`,
    unknown: () => `: ${because}`,
  }[result]()
  const count = `${String(done).padStart(String(total).length)}/${total}`
  return `${mark} ${count}  ${scenario} · ${topology} · ${lock}: ${result}${told}`
}

/** The matrix: a line for each broken lock, one for each sound lock, and one more for whatever came out otherwise than it should. */
export function renderTable(outcomes: readonly Outcome[], { color }: { color: ColorSupportLevel }): string {
  const chalk = new Chalk({ level: color })
  const rows = rowsOf(outcomes).filter(({ claimed }) => claimed)
  const broken = rows.filter(({ kind }) => kind === 'broken')
  const sound = [
    ...Map.groupBy(
      rows.filter(({ kind }) => kind === 'sound'),
      ({ lock }) => lock,
    ),
  ]
  const cells = [
    ...broken.map((row) => [row.lock, row.scenario, row.topology, score(row), by(row), after(row)]),
    ...sound.map(([lock, of]) => [lock, `${plural(of.length, 'drill')} that it claims`, '', scoreOfAll(of), '', '']),
  ]
  const widths = [0, 1, 2, 3, 4, 5].map((column) => Math.max(8, ...cells.map((row) => row[column]!.length)))
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]! + 2))
      .join('')
      .trimEnd()
  const marked = (good: boolean, row: readonly string[]) => `  ${good ? chalk.green('✓') : chalk.red('✗')} ${line(row)}`

  const blocks: string[][] = []
  if (broken.length > 0)
    blocks.push([
      chalk.dim(`    ${line(['broken', 'scenario', 'topology', 'caught', 'by', 'after'])}`),
      ...broken.map((row, index) => marked(row.good === row.outcomes.length, cells[index]!)),
    ])
  if (sound.length > 0)
    blocks.push([
      chalk.dim(`    ${line(['sound', '', '', 'passed', '', ''])}`),
      ...sound.map(([, of], index) => marked(of.every(isGood), cells[broken.length + index]!)),
    ])
  const bad = rows.flatMap(({ outcomes: of }) => of).filter(({ result }) => result !== 'caught' && result !== 'passed')
  if (bad.length > 0) blocks.push(bad.flatMap((outcome) => complaint(outcome, chalk)))
  blocks.push([summary(rows)])
  return `\n${blocks.map((block) => block.join('\n')).join('\n\n')}\n`
}

const isGood = ({ good, outcomes }: Row) => good === outcomes.length
const score = ({ good, outcomes }: Row) => `${good}/${outcomes.length}`
const scoreOfAll = (rows: readonly Row[]) =>
  `${rows.reduce((sum, { good }) => sum + good, 0)}/${rows.reduce((sum, { outcomes }) => sum + outcomes.length, 0)}`

/** The metrics that caught it, the one that the corpus names first. */
function by({ outcomes }: Row): string {
  const caught = outcomes.filter(({ result }) => result === 'caught')
  const metrics = [...new Set(caught.flatMap((outcome) => outcome.metrics))]
  const unnamed = caught.filter(({ named }) => !named).length
  const text = metrics.length > 2 ? `${metrics.slice(0, 2).join(', ')} +${metrics.length - 2}` : metrics.join(', ')
  return unnamed === 0 ? text : `${text} (as named: ${caught.length - unnamed}/${caught.length})`
}

function after({ outcomes }: Row): string {
  const times = outcomes.flatMap(({ afterMs }) => (afterMs === null ? [] : [afterMs])).toSorted((a, b) => a - b)
  if (times.length === 0) return '–'
  const [first, last] = [humanMs(times[0]!), humanMs(times.at(-1)!)]
  return first === last ? first : `${first} – ${last}`
}

function complaint(outcome: Outcome, chalk: ChalkInstance): string[] {
  const { result, scenario, topology, lock, seed, because, reproduce, folder } = outcome
  const paint = result === 'unknown' ? chalk.yellow : chalk.red
  return [
    `  ${paint(result.toUpperCase())}  ${scenario} · ${topology} · ${lock} · seed ${seed}`,
    ...(because === '' ? [] : [`    ${plain(because)}`]),
    ...(folder === undefined ? [] : [`    report  ${folder}/report.html`]),
    `    again   ${plain(reproduce)}`,
  ]
}

function summary(rows: readonly Row[]): string {
  const all = rows.flatMap(({ outcomes }) => outcomes)
  const count = (result: Outcome['result']) => all.filter((outcome) => outcome.result === result).length
  const of = (kind: Outcome['kind']) => all.filter((outcome) => outcome.kind === kind).length
  const locks = (kind: Outcome['kind']) => new Set(rows.filter((row) => row.kind === kind).map(({ lock }) => lock)).size
  const parts = []
  if (of('broken') > 0)
    parts.push(
      `${count('caught')} of ${plural(of('broken'), 'drill')} caught their broken lock (${plural(locks('broken'), 'lock')})`,
    )
  if (of('sound') > 0)
    parts.push(`${count('passed')} of ${of('sound')} passed their sound one (${plural(locks('sound'), 'lock')})`)
  const alarms = count('false alarm')
  if (of('sound') > 0) parts.push(plural(alarms, 'false alarm'))
  if (count('unknown') > 0) parts.push(`${count('unknown')} could not tell`)
  return `  ${parts.join(' · ')}`
}
