import { Command, Option } from '@commander-js/extra-typings'
import { join } from 'node:path'
import { UsageError } from '../lib/failure.ts'
import { suggest } from '../lib/nearest.ts'
import { judgeAgain } from '../past/judge-again.ts'
import { readDrill } from '../past/read.ts'
import { explained, makeFolders, writeReports } from '../reporters/folder.ts'
import { reporters } from '../reporters/index.ts'
import type { Reporter } from '../reporters/reporter.ts'
import { examples, exits } from './command.ts'
import { parseNames } from './selection.ts'

const known: Record<string, Reporter> = reporters

export function reportCommand() {
  return new Command('report')
    .description('Writes the files of a report again, from the plan and the history in its folder. Starts nothing.')
    .argument('<folder>', 'a report’s folder, or a history')
    .addOption(new Option('--format <formats>', `${Object.keys(known).join(', ')}, or all`).default('all'))
    .option('--out <folder>', 'where to write; default: into the report’s folder')
    .addHelpText(
      'after',
      examples({
        'picklock report reports/latest': 'everything again, as this version of Picklock writes it',
        'picklock report reports/latest --format csv,metrics': 'what a drill does not write by itself',
        'picklock report history.ndjson.gz --out mine': 'of a history of another make',
      }),
    )
    .action(
      exits(async (path, { format, out }) => {
        const some = chosen(format)
        const drill = await readDrill(path)
        const place = out ?? drill.folder
        if (place === undefined) throw new UsageError(`${path} is a file; say with --out <folder> where to write`)
        const { plan, events } = drill.record
        await explained(place, () => makeFolders(place))
        await writeReports(place, some, { report: judgeAgain(drill, path), plan, events })
        process.stdout.write(some.map(({ file }) => `${join(place, file)}\n`).join(''))
        return 0
      }),
    )
}

function chosen(format: string): Reporter[] {
  const names = parseNames(format, '--format')
  if (names.includes('all')) return Object.values(known)
  return names.map((name) => {
    if (!Object.hasOwn(known, name))
      throw new UsageError(`there is no format ${name}; ${suggest(name, [...Object.keys(known), 'all'])}`)
    return known[name]!
  })
}
