import { randomInt } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Command, Option } from '@commander-js/extra-typings'
import { adviceOf, cellOf, type Cell } from '../advice/advice.ts'
import { choices, type ChoiceName } from '../advice/choices.ts'
import { adviceMarkdown, adviceText } from '../advice/render.ts'
import { situations, type Situation, type SituationName } from '../advice/situations.ts'
import { trades, trialOf, type Trade } from '../advice/trial.ts'
import { UsageError } from '../lib/failure.ts'
import { suggest } from '../lib/nearest.ts'
import { setUp } from '../lib/tools.ts'
import { explained } from '../reporters/folder.ts'
import { planOf, scenarioText } from '../variants/variant.ts'
import { examples, exits } from './command.ts'
import { onInterrupt } from './interrupt.ts'
import { progressOf } from './progress.ts'
import { parseNames, parseSeed } from './selection.ts'

const columnsDefault = 100
const durationMs = { quick: 3000, full: 5000 }
const schema = './node_modules/picklock/schema/scenario.json'

export function adviseCommand() {
  return new Command('advise')
    .description(
      'Sentinel or Redlock; a lock, the database or Lua: a table that is measured on the spot, each choice under the same load and the same faults.',
    )
    .addOption(
      new Option('--workload <kind>', 'what is sold')
        .choices(Object.keys(trades) as Trade[])
        .default('oversell' as const),
    )
    .option('--choices <names>', `only these, with commas: ${Object.keys(choices).join(', ')}`)
    .option('--quick', 'shorter, and only the calm day and the outage')
    .addOption(
      new Option('--format <format>', 'what is printed to stdout')
        .choices(['text', 'json', 'markdown'])
        .default('text'),
    )
    .option('--seed <n>', 'the same requests and moments; default: random')
    .option('--out <folder>', 'where scenarios and reports are written', 'reports/advice')
    .option('--quiet', 'no progress on stderr')
    .addHelpText(
      'after',
      `${examples({
        'picklock advise --quick': 'in about three minutes',
        'picklock advise --workload points --format markdown': 'for a decision record',
        'picklock advise --choices lock-sentinel,redlock': 'seed 001 in one table',
      })}
Exit codes: 0 measured, 2 a mistake of yours, 3 the environment, 4 nothing could be told.
`,
    )
    .action(exits(advise))
}

interface Options {
  workload: Trade
  choices?: string
  quick?: true
  format: string
  seed?: string
  out: string
  quiet?: true
}

async function advise(options: Options): Promise<number> {
  const { workload: trade, quick = false, out } = options
  const cwd = process.cwd()
  const seed = parseSeed(options.seed) ?? randomInt(2 ** 32)
  const names = parseChoices(options.choices)
  const tried = (Object.entries(situations) as [SituationName, Situation][])
    .filter(([, situation]) => situation.quick || !quick)
    .map(([name]) => name)
  const progress = progressOf(options)

  const trials = tried.flatMap((situation) => names.map((choice) => ({ choice, situation })))
  const drills = await Promise.all(
    trials.map(async ({ choice, situation }) => {
      const variant = trialOf(choice, situation, { trade, durationMs: quick ? durationMs.quick : durationMs.full })
      const path = join(out, 'scenarios', `${choice}-${situation}.yaml`)
      const file = path.startsWith('/') || path.startsWith('.') ? path : `./${path}`
      return { variant, path, plan: await planOf(variant, { file, seed, cwd }) }
    }),
  )
  await explained(out, async () => {
    await mkdir(join(out, 'scenarios'), { recursive: true })
    for (const { variant, path } of drills)
      await writeFile(path, scenarioText(variant.scenario, 'picklock advise', schema))
  })
  await setUp()

  const { playDrills } = await import('./play.ts')
  using interrupt = onInterrupt(progress.say)
  const cells: Cell[] = []
  let versions: Record<string, string> = {}
  let failure: unknown
  try {
    // One after the other: what runs side by side measures each other.
    await playDrills(
      drills.map(({ plan }) => ({ plan, control: undefined })),
      { out, cwd, jobs: 1, progress, signal: interrupt.signal },
      ({ report, index }) => {
        const { choice, situation } = trials[index]!
        cells.push(cellOf(choice, situation, report))
        versions = report.versions
      },
    )
  } catch (error) {
    // What was measured before is shown all the same.
    if (interrupt.exitCode() === undefined) failure = error
  } finally {
    progress.clear()
  }
  const advice = adviceOf(cells, { workload: trade, seed, quick, versions })
  if (options.format === 'json') process.stdout.write(`${JSON.stringify(advice, null, 2)}\n`)
  else if (options.format === 'markdown') process.stdout.write(adviceMarkdown(advice))
  else process.stdout.write(adviceText(advice, process.stdout.columns ?? columnsDefault))
  if (failure !== undefined) throw failure
  return interrupt.exitCode() ?? (cells.some(({ damage }) => damage !== undefined) ? 0 : 4)
}

function parseChoices(text: string | undefined): ChoiceName[] {
  const known = Object.keys(choices) as ChoiceName[]
  if (text === undefined) return known
  const asked = parseNames(text, '--choices')
  for (const name of asked)
    if (!known.includes(name as ChoiceName)) throw new UsageError(`there is no choice ${name}; ${suggest(name, known)}`)
  return known.filter((name) => asked.includes(name))
}
