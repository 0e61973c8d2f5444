import { Command, Option } from '@commander-js/extra-typings'
import { analyse } from '../monitor/analysis.ts'
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
    .addHelpText(
      'after',
      examples({
        'redis-cli MONITOR > monitor.log': 'makes a capture; MONITOR costs Redis up to half of its throughput',
        'picklock analyze monitor.log': 'the locks in it',
        'zcat *.gz | picklock analyze - --format json': 'for programs',
      }),
    )
    .action(
      exits(async (path, { format }) => {
        const { capture, broken } = await readCapture(path, () => {})
        if (broken !== undefined) process.stderr.write(`picklock: ${broken}\n`)
        const analysis = analyse(capture, shownPath(path))
        process.stdout.write(
          format === 'json'
            ? `${JSON.stringify(analysis, null, 2)}\n`
            : renderAnalysis(analysis, {
                width: process.stdout.columns ?? columnsDefault,
                color: colorLevel('stdout'),
              }),
        )
        return 0
      }),
    )
}
