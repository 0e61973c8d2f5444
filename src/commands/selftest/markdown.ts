import { broken } from '../../locks/broken/index.ts'
import type { RegisteredLock } from '../../locks/registry.ts'
import { sound } from '../../locks/sound/index.ts'
import { humanMs } from '../../reporters/text.ts'
import { rowsOf, type Outcome, type Row } from './outcome.ts'

/** docs/detection.md: what is caught where. Pure. */
export function renderMarkdown(outcomes: readonly Outcome[]): string {
  const rows = rowsOf(outcomes)
  const own = rows.filter(({ claimed }) => claimed)
  const sections = [
    '# What is caught, and where',
    `Written by \`picklock selftest --format markdown\`. A broken lock is wrong in one way that was seen in the field; a sound one is right, and a drill that accuses it
in a scenario that it claims to survive is a false alarm.`,
  ]
  const caught = own.filter(({ kind }) => kind === 'broken')
  if (caught.length > 0)
    sections.push(
      '## Each broken lock in the scenario that was made for its bug',
      table(['lock', 'the bug', 'scenario', 'topology', 'caught', 'by', 'first seen after'], caught.map(brokenLine)),
    )
  const passed = soundLines(own)
  if (passed.length > 0)
    sections.push(
      '## Each sound lock in all that it claims to survive',
      table(['lock', 'what it is', 'drills', 'passed'], passed),
    )
  const everywhere = runEverywhere(rows)
  if (everywhere.length > 0) {
    const locks = new Set(everywhere.map(({ lock }) => lock)).size
    sections.push(
      '## Every lock in every scenario',
      `${legend}\n\nA lock is run once in each scenario, on the first of the scenario's topologies that it is made for. So far that was done for ${locks} of ${Object.keys(titles).length} locks.`,
      matrix(everywhere),
      ...narrow(everywhere),
    )
  }
  return `${sections.join('\n\n')}\n`
}

const titles: Record<string, RegisteredLock> = { ...broken, ...sound }
const titleOf = (lock: string) => titles[lock]!.title.replace(/^(broken|sound): /, '')
const score = ({ good, outcomes }: Row) => `${good}/${outcomes.length}`

function brokenLine(row: Row): string[] {
  const caught = row.outcomes.filter(({ result }) => result === 'caught')
  const times = caught.map(({ afterMs }) => afterMs ?? 0)
  const metrics = [...new Set(caught.flatMap(({ metrics: some }) => some))]
  return [
    `[${row.lock}](../src/locks/broken/${row.lock}.ts)`,
    titleOf(row.lock),
    row.scenario,
    row.topology,
    score(row),
    metrics.join(', ') || '–',
    times.length > 0 ? humanMs(Math.max(...times)) : '–',
  ]
}

function soundLines(own: readonly Row[]): string[][] {
  const groups = Map.groupBy(
    own.filter(({ kind }) => kind === 'sound'),
    ({ lock }) => lock,
  )
  return [...groups].map(([lock, rows]) => {
    const all = rows.flatMap(({ outcomes }) => outcomes)
    return [
      `[${lock}](../src/locks/sound/${lock}.ts)`,
      titleOf(lock),
      String(rows.length),
      `${all.filter(({ result }) => result === 'passed').length}/${all.length}`,
    ]
  })
}

const letters: Record<string, string> = {
  overlaps: 'O',
  duplicates: 'D',
  oversold: 'D',
  negative_stock: 'D',
  lost_updates: 'D',
  fence_violations: 'F',
  foreign_releases: 'R',
  overclaims: 'C',
  leaked_keys: 'L',
  false_contention: 'N',
  unsettled: 'U',
}
const legend = `O overlaps, D damage in the ledger, F fences, R foreign releases, C overclaims, L leaked keys, N contention about nothing, U unsettled calls,
– nothing was found, ? the drill could not tell, empty: not made for it. Bold is what the corpus claims.`

/** Of locks that were run in more than what they claim. */
function runEverywhere(rows: readonly Row[]): Row[] {
  const locks = new Set(rows.filter(({ claimed }) => !claimed).map(({ lock }) => lock))
  return rows.filter(({ lock }) => locks.has(lock))
}

function matrix(rows: readonly Row[]): string {
  const scenarios = [...new Set(rows.map(({ scenario }) => scenario))].sort()
  const locks = [...Map.groupBy(rows, ({ lock }) => lock)]
  return table(
    ['lock', ...scenarios],
    locks.map(([lock, of]) => [
      lock,
      ...scenarios.map((scenario) => cell(of.filter((row) => row.scenario === scenario))),
    ]),
  )
}

function cell(rows: readonly Row[]): string {
  if (rows.length === 0) return ''
  const all = rows.flatMap(({ outcomes }) => outcomes)
  const metrics = all.flatMap((outcome) => outcome.metrics).map((metric) => letters[metric] ?? metric)
  const found = [...new Set(metrics)].join('')
  const text = found || (all.some(({ result }) => result === 'unknown') ? '?' : '–')
  return rows.some(({ claimed }) => claimed) ? `**${text}**` : text
}

/** A bug that one scenario sees by one metric hints at narrow eyes. */
function narrow(rows: readonly Row[]): string[] {
  const locks = Map.groupBy(
    rows.filter(({ kind }) => kind === 'broken'),
    ({ lock }) => lock,
  )
  const lines = [...locks].flatMap(([lock, of]) => {
    const seen = of.filter(({ outcomes }) => outcomes.some(({ result }) => result === 'caught'))
    const metrics = new Set(seen.flatMap(({ outcomes }) => outcomes.flatMap((outcome: Outcome) => outcome.metrics)))
    if (seen.length !== 1 || metrics.size !== 1) return []
    return [`- ${lock}: only in ${seen[0]!.scenario}, only by ${[...metrics][0]}`]
  })
  return lines.length === 0 ? [] : ['Seen in one scenario by one metric only:', lines.join('\n')]
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
