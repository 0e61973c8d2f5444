import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { explained } from '../../reporters/folder.ts'
import { renderSuites, suiteOf, type Case, type Suite } from '../../reporters/junit.ts'
import { escape, fitting, sectionsOf, table } from '../../reporters/markdown.ts'
import { verdictMark } from '../../reporters/color.ts'
import { gateResult, judged, type GateResult } from './result.ts'
import { changeMarks, heading, levels, ratioText, type Row } from './text.ts'

/** What a gate leaves in its folder beside the drills' own folders: gate.json, junit.xml, summary.md over all of them. */
export async function writeGateFiles(out: string, result: GateResult): Promise<void> {
  const files = {
    'gate.json': `${JSON.stringify(gateResult.parse(result), null, 2)}\n`,
    'junit.xml': gateJunit(result),
    'summary.md': gateSummary(result),
  }
  await explained(out, () =>
    Promise.all(
      Object.entries(files).map(async ([name, text]) => {
        // In one step each: whoever reads meanwhile sees the old or the new one.
        const fresh = join(out, `.${name}-${process.pid}`)
        await writeFile(fresh, text)
        await rename(fresh, join(out, name))
      }),
    ),
  )
}

/** A suite for each drill of the lock under test, and one for the comparison. */
function gateJunit(result: GateResult): string {
  return renderSuites([...judged(result).map(suiteOf), ...comparisonSuites(result)])
}

function comparisonSuites({ lock, comparison, seed, startedAt, reproduce }: GateResult): Suite[] {
  if (comparison === undefined) return []
  const { baseline, topology, rows, unknownBecause } = comparison
  const cases = rows.map((row): Case => {
    const said = `${row.metric}: ${levels(row)}, ${ratioText(row)}`
    const name = `${lock}: ${row.metric} is not slower than ${baseline}`
    if (row.change === 'slower')
      return { name, outcome: 'failure', message: said, text: `${row.note}\nAgain: ${reproduce}` }
    if (row.change === 'not told') return { name, outcome: 'skipped', message: row.note }
    return { name }
  })
  const doubts = unknownBecause.map((message): Case => ({
    name: `${lock}: it could be compared`,
    outcome: 'error',
    message,
  }))
  const properties = { seed, lock, baseline, topology, reproduce }
  return [
    {
      name: `latency · ${topology} · ${lock}`,
      classname: `picklock.latency.${topology}`,
      startedAt,
      seconds: 0,
      properties,
      cases: [...doubts, ...cases],
    },
  ]
}

const verdicts = {
  0: '✓ passed',
  1: '✗ the lock is not safe',
  4: '? unknown: the evidence does not suffice',
  99: '✗ safe, but slower or worse served than asked',
} as Record<number, string>

/** The verdict, the matrix, the comparison; then every drill that did not come out well. */
function gateSummary(result: GateResult): string {
  const { lock, exitCode, comparison, reproduce, endedBy } = result
  const drills = judged(result)
  return fitting(
    [
      `# ${verdicts[exitCode] ?? '? not finished'}: ${escape(lock)}`,
      ...(endedBy === undefined ? [] : [`The gate did not come to its end: ${escape(endedBy)}`]),
      table(
        ['scenario', 'topology', 'verdict', 'control'],
        drills.map(({ scenario, topology, verdict, control }) => [
          scenario,
          topology,
          verdictMark(verdict),
          control ? `${control.lock} ${control.verdict === 'invalid' ? 'caught' : 'NOT caught'}` : '–',
        ]),
      ),
      ...(comparison === undefined
        ? ['Latency was not compared: there is no `baseline`.']
        : [
            `## Latency: ${escape(heading(lock, comparison))}`,
            table(
              ['', 'baseline → lock', 'change', '', ''],
              comparison.rows.map((row: Row) => [
                row.metric,
                levels(row),
                ratioText(row),
                changeMarks[row.change],
                row.note,
              ]),
            ),
            ...comparison.unknownBecause.map((reason) => `- unknown: ${escape(reason)}`),
          ]),
      `Again: \`${reproduce.replaceAll('`', "'")}\``,
      ...drills
        .filter(({ verdict, thresholds }) => verdict !== 'valid' || thresholds.some(({ ok }) => !ok))
        .flatMap(sectionsOf),
    ].filter((section) => section !== ''),
  )
}
