import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { Command, Option } from '@commander-js/extra-typings'
import { UsageError } from '../lib/failure.ts'
import { inParallel } from '../lib/in-parallel.ts'
import { setUp } from '../lib/tools.ts'
import { colorLevel } from '../reporters/color.ts'
import { examples, exits } from './command.ts'
import { onInterrupt } from './interrupt.ts'
import { progressOf, silent, type ProgressLine } from './progress.ts'
import { jobsMax } from './run.ts'
import { parseCount, parseNames, parseSeed } from './selection.ts'
import { chooseCases, type Case } from './selftest/cases.ts'
import { renderMarkdown } from './selftest/markdown.ts'
import { exitCodeOf, outcomeOf, type Outcome } from './selftest/outcome.ts'
import { progressLine, renderTable } from './selftest/table.ts'

const repeatMax = 1000

export function selftestCommand() {
  return new Command('selftest')
    .description(
      'Whether Picklock sees what it is there for: runs locks that are known to be broken, each in the drill that has to catch it, and locks that are right, in all drills that they claim to survive.\n' +
        'Exit code 1 if a broken lock was missed or a right one accused, else 4 if a drill could not tell, else 0.',
    )
    .argument('[locks...]', 'names of the corpus (picklock list locks); default: all')
    .option('--scenario <names>', 'only these scenarios; several with commas')
    .option('--repeat <n>', 'run each drill n times, with seeds derived from the first')
    .option('--jobs <n>', 'how many drills run side by side (2)')
    .option('--seed <number>', 'the first seed; default: drawn')
    .option('--everywhere', 'besides, each lock once in every scenario of its topologies')
    .addOption(
      new Option('--format <format>', 'what is printed to stdout')
        .choices(['text', 'json', 'markdown'])
        .default('text'),
    )
    .option('--from <files>', 'run nothing: put the JSON of earlier runs together; several with commas')
    .option('--keep', 'keep all reports, and not only those of drills that came out otherwise than they should')
    .option('--out <folder>', 'where the reports are written', 'reports')
    .option('--quiet', 'no progress on stderr')
    .addHelpText(
      'after',
      examples({
        'picklock selftest': 'the whole corpus once',
        'picklock selftest naive --repeat 20': 'how reliably one bug is caught',
        'picklock selftest --scenario oversell': 'one scenario, with all locks that it is about',
        'picklock selftest --everywhere --format json > all.json': 'the whole matrix, which takes its time',
        'picklock selftest --from all.json --format markdown': 'what docs/detection.md is made of',
      }),
    )
    .action(
      exits(async (locks, options) => {
        if (options.from !== undefined) {
          const outcomes = parseNames(options.from, '--from').flatMap(readOutcomes)
          print(outcomes, options.format)
          return exitCodeOf(outcomes)
        }
        const repeat = parseCount(options.repeat, '--repeat', 1, repeatMax)
        const jobs = parseCount(options.jobs, '--jobs', 2, jobsMax)
        const seed = parseSeed(options.seed) ?? randomInt(2 ** 32)
        const scenarios = options.scenario === undefined ? [] : parseNames(options.scenario, '--scenario')
        const cases = await chooseCases({ locks, scenarios, everywhere: options.everywhere === true, seed, repeat })
        await setUp()

        const progress = progressOf(options)
        using interrupt = onInterrupt(progress.say)
        const outcomes: Outcome[] = []
        try {
          const { out, keep = false } = options
          await runCases(cases, { jobs, out, keep, progress, signal: interrupt.signal }, outcomes)
        } catch (error) {
          if (interrupt.exitCode() === undefined) throw error
        } finally {
          progress.clear()
          print(outcomes, options.format)
        }
        return interrupt.exitCode() ?? exitCodeOf(outcomes)
      }),
    )
}

function print(outcomes: readonly Outcome[], format: 'text' | 'json' | 'markdown'): void {
  if (format === 'json') process.stdout.write(`${JSON.stringify({ outcomes }, null, 2)}\n`)
  else if (format === 'markdown') process.stdout.write(renderMarkdown(outcomes))
  else if (outcomes.length > 0) process.stdout.write(renderTable(outcomes, { color: colorLevel('stdout') }))
}

/** Throws UsageError where the file is not what `--format json` printed. */
function readOutcomes(file: string): Outcome[] {
  try {
    const { outcomes } = JSON.parse(readFileSync(file, 'utf8')) as { outcomes?: Outcome[] }
    if (Array.isArray(outcomes)) return outcomes
  } catch (error) {
    throw new UsageError(`--from ${file}: ${(error as Error).message}`)
  }
  throw new UsageError(`--from ${file}: it holds no outcomes; make it with picklock selftest --format json`)
}

interface Context {
  jobs: number
  out: string
  keep: boolean
  progress: ProgressLine
  signal: AbortSignal
}

/** Fills `outcomes`, in the order of the cases, also where a failure ends the run: what was seen before it is told. */
async function runCases(cases: readonly Case[], context: Context, outcomes: Outcome[]): Promise<void> {
  const { jobs, out, keep, progress, signal } = context
  // Loaded here, so that a mistake is answered before Redis clients and the rest are.
  const { Stage } = await import('./play.ts')
  await using stage = new Stage({ out, cwd: process.cwd(), jobs, progress: { ...silent, say: progress.say }, signal })
  const found: (Outcome | undefined)[] = []
  let done = 0
  const run = async (index: number) => {
    const one = cases[index]!
    if (signal.aborted) return
    const { report, folder } = await stage.drill(one.plan, 'selftest', index)
    const outcome = outcomeOf(report, one)
    const keeps = keep || (outcome.claimed && outcome.result !== 'caught' && outcome.result !== 'passed')
    // What was broken off says nothing about anybody.
    if (!signal.aborted) {
      found[index] = keeps ? { ...outcome, folder } : outcome
      progress.say(progressLine(outcome, ++done, cases.length))
      if (keeps) return
    }
    await rm(folder, { recursive: true, force: true })
  }
  try {
    for await (const _ of inParallel([...cases.keys()], jobs, run));
  } finally {
    outcomes.push(...found.filter((outcome) => outcome !== undefined))
  }
}
