import { randomInt } from 'node:crypto'
import { Command, Option } from '@commander-js/extra-typings'
import { quote } from 'shlex'
import { setUp } from '../lib/tools.ts'
import { colorLevel } from '../reporters/color.ts'
import { renderConsole, renderControl, renderMatrix } from '../reporters/console.ts'
import { examples, exits } from './command.ts'
import { claimFolder } from './gate/claim.ts'
import { gateDrills, loadGate, type LoadedGate } from './gate/config.ts'
import { openQuestion } from './gate/question.ts'
import { comparisonOf, gateExitCode, judged, type GateResult } from './gate/result.ts'
import { renderComparison } from './gate/text.ts'
import { onInterrupt } from './interrupt.ts'
import { progressOf, type ProgressLine } from './progress.ts'
import { jobsMax } from './run.ts'
import { parseCount, parseSeed } from './selection.ts'
import type { Drill } from './drills.ts'
import type { Question } from '../duel/side-by-side.ts'

const columnsDefault = 100

export function gateCommand() {
  return new Command('gate')
    .description(
      'Whether a lock may pass: runs what picklock.yaml names, each scenario beside its control, and compares its latency with a baseline, side by side on this machine.',
    )
    .option('--config <file>', 'what to run (picklock init writes it)', 'picklock.yaml')
    .option('--quick', 'what `quick` names, in a minute at most')
    .option('--base <ref>', 'compare with the version of the lock’s file at this branch, tag or commit')
    .option('--seed <number>', 'repeat a gate: the same seed gives the same plans')
    .option('--jobs <n>', 'how many drills run side by side (1); the comparison runs alone')
    .addOption(new Option('--format <format>', 'what is printed to stdout').choices(['text', 'json']).default('text'))
    .option('--out <folder>', 'where the reports are written', 'reports')
    .option('--quiet', 'no progress on stderr')
    .addHelpText(
      'after',
      `${examples({
        'picklock gate': 'all that picklock.yaml names',
        'picklock gate --quick': 'a short one, for every push',
        'picklock gate --base main': 'is the lock slower than it was on main?',
        'picklock gate --format json > gate.json': 'for a program; reports/gate.json is the same',
      })}
It writes index.html, junit.xml, summary.md and gate.json into the folder of the reports. Exit codes: 1 not safe, 4 not known, 99 slower or worse
served than asked, else 0.
`,
    )
    .action(
      exits(async (options) => {
        const cwd = process.cwd()
        const progress = progressOf(options)
        const seed = parseSeed(options.seed) ?? randomInt(2 ** 32)
        const jobs = parseCount(options.jobs, '--jobs', 1, jobsMax)
        const gate = await loadGate(options.config, cwd)
        const drills = await gateDrills(gate, { quick: options.quick === true, seed })
        const command = commandOf({ ...options, seed })
        await using question = await openQuestion(gate, { base: options.base, seed, command })
        await setUp()
        await using _claim = await claimFolder(options.out)
        const { out, format, quick = false } = options
        return await run({ gate, drills, question, quick, jobs, progress, seed, command, out, format })
      }),
    )
}

interface Running {
  gate: LoadedGate
  drills: Drill[]
  question: Partial<Question>
  quick: boolean
  jobs: number
  progress: ProgressLine
  seed: number
  command: string
  out: string
  format: 'text' | 'json'
}

/** Runs all of it, prints as it goes, and writes what came of it also where it was broken off. → the exit code */
async function run(given: Running): Promise<number> {
  const { progress, out, format } = given
  const startMs = Date.now()
  using interrupt = onInterrupt(progress.say)
  const result: GateResult = {
    schema: 1,
    lock: given.gate.lock.name,
    seed: given.seed,
    quick: given.quick,
    startedAt: new Date(startMs).toISOString(),
    durationMs: 0,
    exitCode: 0,
    drills: [],
    reproduce: given.command,
  }
  try {
    await runAll(given, result, interrupt.signal)
  } catch (error) {
    result.endedBy = error instanceof Error ? error.message : String(error)
    // Whoever pressed Ctrl-C while nodes were starting wants nothing but the end.
    if (interrupt.exitCode() === undefined) throw error
  } finally {
    const ended = interrupt.exitCode()
    if (ended !== undefined) result.endedBy = 'it was interrupted'
    result.durationMs = Date.now() - startMs
    result.exitCode = ended ?? (result.endedBy === undefined ? gateExitCode(result) : 3)
    await finish(result, { progress, out, format })
  }
  return result.exitCode
}

/** The drills first, then, with nothing beside it, the comparison. Fills the result as it goes. */
async function runAll(given: Running, result: GateResult, signal: AbortSignal): Promise<void> {
  const { progress, out, jobs, question, format } = given
  const cwd = process.cwd()
  // Loaded here, so that a mistake is answered before Redis clients and the rest are.
  const { playDrills } = await import('./play.ts')
  const { sideBySide } = await import('../duel/side-by-side.ts')
  const print = (text: string) => {
    progress.clear()
    if (format === 'text') process.stdout.write(text)
  }
  await playDrills(given.drills, { out, cwd, jobs, progress, signal }, ({ as, report, folder }) => {
    result.drills.push({ as: as === 'control' ? as : 'lock under test', report, folder })
    const options = { ...consoleOptions(), folder }
    print(as === 'control' ? renderControl(report, options) : renderConsole(report, options))
  })
  const { sides, terms, metrics, worth } = question
  if (signal.aborted || !sides || !terms || !metrics || !worth) return
  progress.title(`${sides.lock.name} beside ${sides.baseline.name} · ${terms.topology} · seed ${terms.seed}`)
  const compared = await sideBySide({ sides, terms, metrics, worth }, { out, cwd, signal, progress })
  for (const { lock, baseline } of compared.duels) {
    result.drills.push({ as: 'duel', report: lock.report, folder: lock.folder })
    result.drills.push({ as: 'baseline', report: baseline.report, folder: baseline.folder })
    if (lock.report.verdict !== 'valid') print(renderConsole(lock.report, { ...consoleOptions(), folder: lock.folder }))
  }
  result.comparison = comparisonOf(compared)
}

async function finish(result: GateResult, { progress, out, format }: Pick<Running, 'progress' | 'out' | 'format'>) {
  progress.clear()
  const { writeMatrix } = await import('../reporters/folder.ts')
  const { writeGateFiles } = await import('./gate/files.ts')
  if (format === 'json') process.stdout.write(`${JSON.stringify(result, null, 2)}\n`)
  else {
    process.stdout.write(renderMatrix(judged(result), consoleOptions()))
    process.stdout.write(renderComparison(result, consoleOptions()))
  }
  await writeGateFiles(out, result)
  progress.say(
    `all of it: ${await writeMatrix(
      out,
      result.drills.filter(({ as }) => as !== 'control'),
    )}`,
  )
}

function consoleOptions() {
  return { width: process.stdout.columns ?? columnsDefault, color: colorLevel('stdout') }
}

/** To be pasted into a shell. */
function commandOf({
  config,
  quick,
  base,
  seed,
}: {
  config: string
  quick?: true
  base?: string
  seed: number
}): string {
  const words = ['picklock', 'gate']
  if (config !== 'picklock.yaml') words.push('--config', config)
  if (quick) words.push('--quick')
  if (base !== undefined) words.push('--base', base)
  return [...words, '--seed', String(seed)].map((word) => quote(word)).join(' ')
}
