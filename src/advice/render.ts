import type { DamageMetric } from '../ledger/books/book.ts'
import { inWords } from '../ledger/words.ts'
import { table as markdownTable } from '../reporters/markdown.ts'
import { humanCount, humanMs, wrap } from '../reporters/text.ts'
import { titleOf, triedIn, type Advice, type Cell } from './advice.ts'
import { choices, type ChoiceName } from './choices.ts'
import { situations } from './situations.ts'

const percent = (share: number) => (share === 0 ? '0' : share < 0.001 ? '<0.1 %' : `${(share * 100).toFixed(1)} %`)

function damageText({ damage, damages }: Cell, workload: string): string {
  if (damage === undefined) return 'not known'
  if (damage === 0) return 'none'
  return Object.entries(damages)
    .map(([metric, count]) => inWords(workload, metric as DamageMetric, count))
    .join(', ')
}

const head = ['', 'takes', 'done a second', 'request p50', 'p95', 'max', 'not served', 'damage']

function rowsOf({ cells, workload }: Advice, wanted: string): string[][] {
  return cells
    .filter(({ situation }) => situation === wanted)
    .map((cell) => [
      titleOf(cell.choice),
      choices[cell.choice].takes,
      humanCount(cell.donePerSecond),
      ...(cell.request ? [cell.request.p50Ms, cell.request.p95Ms, cell.request.maxMs].map(humanMs) : ['–', '–', '–']),
      percent(cell.failedShare),
      damageText(cell, workload),
    ])
}

/** What the figures say, one sentence each. */
function sentences({ cells, undamaged, fastest }: Advice): string[] {
  const damaged = [...new Set(cells.filter(({ damage = 0 }) => damage > 0).map(({ choice }) => choice))]
  const unknown = [...new Set(cells.filter(({ damage }) => damage === undefined).map(({ choice }) => choice))]
  const titles = (names: readonly ChoiceName[]) => names.map(titleOf).join('; ')
  return [
    ...(undamaged.length > 0
      ? [`No damage in what was tried: ${titles(undamaged)}.`]
      : ['Nothing came through without damage.']),
    ...(fastest ? [`Of these, most was done on a calm day by: ${titleOf(fastest)}.`] : []),
    ...(damaged.length > 0 ? [`Damaged: ${titles(damaged)}.`] : []),
    ...(unknown.length > 0 ? [`Not known, because a fault did not land or nothing was done: ${titles(unknown)}.`] : []),
    'One run of each on this machine; Postgres, which keeps the books, never fails in these drills.',
  ]
}

export function adviceText(advice: Advice, width: number): string {
  const blocks = triedIn(advice).map((situation) => {
    const rows = [head, ...rowsOf(advice, situation)]
    const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
    const lines = rows.map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    return `${situation}: ${situations[situation].title}\n${lines.map((line) => `  ${line}`).join('\n')}\n`
  })
  const said = sentences(advice).flatMap((sentence) => wrap(sentence, Math.max(40, width)))
  return `${blocks.join('\n')}\n${said.join('\n')}\n`
}

export function adviceMarkdown(advice: Advice): string {
  const { redis = 'not known' } = advice.versions
  const blocks = triedIn(advice).map(
    (situation) =>
      `### ${situation}: ${situations[situation].title}\n\n${markdownTable(head, rowsOf(advice, situation))}`,
  )
  return `${[
    `## ${advice.workload} (seed ${advice.seed}, Redis ${redis})`,
    ...blocks,
    sentences(advice)
      .map((sentence) => `- ${sentence}`)
      .join('\n'),
  ].join('\n\n')}\n`
}
