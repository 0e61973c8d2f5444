import { Command, Option } from '@commander-js/extra-typings'
import { counterMeasures } from '../incident/counter-measures/index.ts'
import { readRecord } from '../incident/record.ts'
import { langs } from '../incident/words/lang.ts'
import { examples, exits } from './command.ts'
import { parseLangs, writeDocuments } from './incident/documents.ts'
import { flagsOf, incidentFlags } from './incident/flags.ts'
import { told } from './incident/gather.ts'
import { newIncident } from './incident/new.ts'
import { parseMeasures } from './incident/plans.ts'
import { ask } from './incident/questions.ts'
import { progressOf } from './progress.ts'
import { jobsMax } from './run.ts'
import { parseCount, parseSeed } from './selection.ts'

export function incidentCommand() {
  return new Command('incident')
    .description('From what is known of an incident to a drill that replays it, and to a post-mortem with its figures.')
    .addCommand(newCommand())
    .addCommand(reportCommand())
    .addHelpText(
      'after',
      examples({
        'picklock incident new --from incident-2025-06-05': 'a scenario as the start',
        'picklock incident report incidents/redis-oom --lang ko': 'the document again, in Korean',
      }),
    )
}

const langOption = () => new Option('--lang <languages>', `${langs.join(', ')}, or several with commas`).default('en')

function newCommand() {
  return incidentFlags(new Command('new'))
    .description(
      'Writes a scenario from what is known, runs it, runs it with each counter-measure that fits, and writes the post-mortem. On a terminal it asks for what it was not told.',
    )
    .option('--ask', 'ask for what was not told, also where there is no terminal')
    .option('--no-ask', 'ask nothing')
    .option(
      '--variants <names>',
      `which counter-measures to run, with commas: ${Object.keys(counterMeasures).join(', ')}; default: all that fit`,
    )
    .option('--no-variants', 'run the incident only')
    .addOption(langOption())
    .option('--seed <n>', 'the same faults at the same times; default: random')
    .option('--jobs <n>', `drills side by side (1 to ${jobsMax}; more than 1 blurs latencies)`)
    .option('--out <folder>', 'where everything is written; default: incidents/<name>')
    .option('--force', 'overwrite what is there')
    .option('--quiet', 'no progress on stderr')
    .addHelpText(
      'after',
      `${examples({
        'picklock incident new': 'asks',
        'picklock incident new --facts incident.yaml --lang en,ko': 'from a file',
        'picklock incident new --from incident-2025-06-05': 'from a scenario',
        'picklock incident new --name redis-oom --fault oom --fault memory-death --fallback local-lock --memory-limit 64':
          'from flags',
        'picklock incident new --from primary-kill --no-variants': 'the incident alone',
      })}
Exit codes: 0 the document was written, 2 a mistake of yours, 3 the environment, 4 the drill could tell nothing (the document says why).
`,
    )
    .action(
      exits(async (options) => {
        const cwd = process.cwd()
        const measures = options.variants === false ? [] : parseMeasures(options.variants)
        const languages = parseLangs(options.lang)
        const seed = parseSeed(options.seed)
        const jobs = parseCount(options.jobs, '--jobs', 1, jobsMax)
        const given = told(options.facts, flagsOf(options), cwd)
        const onTerminal = process.stdin.isTTY && process.stderr.isTTY && options.facts === undefined
        const data =
          (options.ask ?? onTerminal)
            ? await ask(given.data, { input: process.stdin, output: process.stderr })
            : given.data
        return newIncident({
          told: { ...given, data },
          out: options.out,
          force: options.force === true,
          measures,
          langs: languages,
          seed,
          jobs,
          progress: progressOf(options),
          cwd,
        })
      }),
    )
}

function reportCommand() {
  return new Command('report')
    .description('Writes the post-mortem again from the incident’s folder. Runs nothing.')
    .argument('<folder>', 'the folder that `picklock incident new` wrote')
    .addOption(langOption())
    .addHelpText('after', examples({ 'picklock incident report incidents/redis-oom --lang ko': 'in Korean' }))
    .action(
      exits(async (folder, { lang }) => {
        const record = await readRecord(folder)
        const files = await writeDocuments(folder, record, parseLangs(lang))
        process.stdout.write(files.map((file) => `${file}\n`).join(''))
        return 0
      }),
    )
}
