import { Command, Option } from '@commander-js/extra-typings'
import { writeFile } from 'node:fs/promises'
import { EnvironmentError } from '../lib/failure.ts'
import { analyse } from '../monitor/analysis.ts'
import { renderPage } from '../monitor/page.ts'
import { readCapture, shownPath } from '../monitor/read.ts'
import { renderAnalysis } from '../monitor/text.ts'
import { colorLevel } from '../reporters/color.ts'
import { examples, exits } from './command.ts'

const columnsDefault = 100

export function analyzeCommand() {
  return new Command('analyze')
    .description(
      'What a capture of Redis’ MONITOR tells of the locks in it: who held what when, and how long the others waited.',
    )
    .argument('<capture>', 'what MONITOR wrote, also as gzip; - is stdin')
    .addOption(new Option('--format <format>', 'what is printed to stdout').choices(['text', 'json']).default('text'))
    .option('--html <file>', 'also writes a page with the lock timeline of a drill’s report; it opens offline')
    .option('--out <file>', 'writes what is printed into a file instead')
    .addHelpText(
      'after',
      examples({
        'redis-cli MONITOR > monitor.log': 'makes a capture; MONITOR costs Redis up to half of its throughput',
        'picklock analyze monitor.log': 'the locks in it',
        'zcat *.gz | picklock analyze - --format json': 'for programs',
      }),
    )
    .action(
      exits(async (path, { format, html, out }) => {
        const { capture, broken } = await readCapture(path, () => {})
        if (broken !== undefined) process.stderr.write(`picklock: ${broken}\n`)
        const analysis = analyse(capture, shownPath(path))
        if (html !== undefined) await written(html, renderPage(analysis, capture))
        const text =
          format === 'json'
            ? `${JSON.stringify(analysis, null, 2)}\n`
            : renderAnalysis(analysis, {
                width: (out === undefined ? process.stdout.columns : undefined) ?? columnsDefault,
                color: out === undefined ? colorLevel('stdout') : 0,
              })
        if (out === undefined) process.stdout.write(text)
        else await written(out, text)
        return 0
      }),
    )
}

async function written(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text)
  } catch (error) {
    throw new EnvironmentError(`${file} cannot be written: ${(error as NodeJS.ErrnoException).code}`)
  }
}
