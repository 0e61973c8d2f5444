import { Command, Option } from '@commander-js/extra-typings'
import { listed } from '../lib/nearest.ts'
import { judgeAgain } from '../past/judge-again.ts'
import { readDrill } from '../past/read.ts'
import { judgeable } from '../past/without-plan.ts'
import { colorLevel } from '../reporters/color.ts'
import { renderConsole } from '../reporters/console.ts'
import { renderJsonArray } from '../reporters/json.ts'
import type { Report } from '../reporters/report.ts'
import { exitCode } from '../verdict.ts'
import { examples, exits } from './command.ts'

const columnsDefault = 100

export function checkCommand() {
  return new Command('check')
    .description(
      'Judges drills again from what they left behind, with the verdict and the exit code of the run. Starts nothing. A history that another tool wrote is judged as far as it tells.',
    )
    .argument('<paths...>', "report folders, histories (.ndjson, .ndjson.gz), folders of one process' history each")
    .addOption(new Option('--format <format>', 'what is printed to stdout').choices(['text', 'json']).default('text'))
    .addHelpText(
      'after',
      examples({
        'picklock check reports/latest': 'the newest drill',
        'picklock check reports/* --format json': 'all of them, for a program',
        'picklock check jepsen/history.ndjson.gz': 'a history of another make: src/history/event.ts tells its form',
      }),
    )
    .action(
      exits(async (paths, { format }) => {
        const reports: Report[] = []
        for (const path of paths) {
          const drill = await readDrill(path)
          const report = judgeAgain(drill, path)
          reports.push(report)
          if (format === 'text')
            process.stdout.write(
              renderConsole(report, { width: process.stdout.columns ?? columnsDefault, color: colorLevel('stdout') }),
            )
          for (const line of notJudged(drill.unjudged)) process.stderr.write(`${line}\n`)
        }
        if (format === 'json') process.stdout.write(renderJsonArray(reports))
        return exitCode(reports)
      }),
    )
}

/** One line for each reason. */
function notJudged(unjudged: ReadonlyMap<string, string>): string[] {
  if (unjudged.size === 0) return []
  const byReason = Map.groupBy(unjudged, ([, why]) => why)
  return [
    `  there is no plan: ${listed(judgeable(unjudged))} were judged`,
    ...[...byReason].map(([why, of]) => `  not judged: ${listed(of.map(([metric]) => metric))}, because ${why}`),
  ]
}
