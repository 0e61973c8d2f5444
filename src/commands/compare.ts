import { Command, Option } from '@commander-js/extra-typings'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { compare, exitCodeOf } from '../comparison/compare.ts'
import { renderComparison } from '../comparison/text.ts'
import { judgeAgain } from '../past/judge-again.ts'
import { readDrill } from '../past/read.ts'
import { colorLevel } from '../reporters/color.ts'
import { report as schema, type Report } from '../reporters/report.ts'
import { examples, exits } from './command.ts'

const columnsDefault = 100

export function compareCommand() {
  return new Command('compare')
    .description(
      'Two reports beside each other: what got better, what got worse, what is within the noise of two runs.',
    )
    .argument('<before>', 'a report’s folder, its report.json, or a history')
    .argument('<after>', 'likewise')
    .addOption(new Option('--format <format>', 'what is printed to stdout').choices(['text', 'json']).default('text'))
    .addHelpText(
      'after',
      `${examples({ 'picklock compare reports/20261121-152720-oversell-single-mine reports/latest': 'before and after a change' })}
Exit codes: 1 less safe, 4 no longer known, 99 slower or worse served, else 0.
`,
    )
    .action(
      exits(async (before, after, { format }) => {
        const reports = [await reportAt(before), await reportAt(after)] as const
        const comparison = compare(...reports)
        process.stdout.write(
          format === 'json'
            ? `${JSON.stringify(comparison, null, 2)}\n`
            : renderComparison(reports, comparison, {
                width: process.stdout.columns ?? columnsDefault,
                color: colorLevel('stdout'),
              }),
        )
        return exitCodeOf(comparison)
      }),
    )
}

/** As the drill wrote it; where that is missing or damaged, from what is left beside it. */
async function reportAt(path: string): Promise<Report> {
  const file = path.endsWith('.json') ? path : join(path, 'report.json')
  const text = await readFile(file, 'utf8').catch(() => undefined)
  try {
    if (text !== undefined) return schema.parse(JSON.parse(text))
  } catch {
    // The history is asked below.
  }
  return judgeAgain(await readDrill(path), path)
}
