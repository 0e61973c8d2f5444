import { availableParallelism } from 'node:os'
import { Command, Option } from '@commander-js/extra-typings'
import { UsageError } from '../lib/failure.ts'
import { setUp } from '../lib/tools.ts'
import { loadDrivers, type LoadDriverName } from '../load/index.ts'
import { scenarioNames } from '../plan/index.ts'
import { colorLevel } from '../reporters/color.ts'
import { renderConsole, renderControl, renderMatrix } from '../reporters/console.ts'
import { renderJsonArray } from '../reporters/json.ts'
import { renderRun, renderTally } from '../reporters/tally.ts'
import { exitCode } from '../verdict.ts'
import { examples, exits } from './command.ts'
import { chooseDrills, type Drill } from './drills.ts'
import { onInterrupt } from './interrupt.ts'
import type { Played } from './play.ts'
import { progressOf } from './progress.ts'
import { attachOptions, checkAttached, imageOption, parseRuntime, runtimeOption } from './runtime-options.ts'
import { parseCount, parseDriver, parseLockOptions, parseLocks, parseSeed, parseTopologies } from './selection.ts'

const collect = (value: string, before: string[]) => [...before, value]
const columnsDefault = 100
const repeatMax = 10_000
/** All drills of a run share one Postgres and its connections. */
export const jobsMax = 8
/** Most of a drill is waiting: two of them do not crowd two cores. Who asks for every scenario wants verdicts, and soon; for figures there is --jobs 1. */
const jobsOfAll = () => Math.min(2, availableParallelism())

export function runCommand() {
  return new Command('run')
    .description(
      'Runs drills: starts topologies, puts a lock under load, breaks things, and says whether the lock held.',
    )
    .argument('[scenarios...]', 'names (picklock list scenarios) or YAML files')
    .option('--all', 'every scenario there is, each with its control, two side by side')
    .option('--topology <kinds>', 'single, sentinel, redlock, several with commas, or all that the scenario allows')
    .addOption(
      new Option('--lock <locks>', "names, files, or 'stdio:<command>'; several with commas")
        .argParser(collect)
        .default([] as string[], 'reference'),
    )
    .addOption(
      new Option('--lock-option <name=value>', 'an option for the lock under test; may be repeated')
        .argParser(collect)
        .default([] as string[], 'none'),
    )
    .option('--with-control', 'run the scenario’s broken lock beside it, to see that it would have been caught')
    .option('--no-control', 'with --all: the lock under test alone')
    .option('--seed <number>', 'repeat a run: the same seed gives the same plan')
    .option('--repeat <n>', 'run each drill n times, with seeds derived from the first, and tell how often it failed')
    .option(
      '--jobs <n>',
      'how many drills run side by side (1; with --all 2, where there are two cores); what is measured is theirs together',
    )
    .addOption(
      new Option('--set <path=value>', 'change the scenario, for example load.duration=4s; may be repeated')
        .argParser(collect)
        .default([] as string[], 'none'),
    )
    .addOption(runtimeOption())
    .addOption(imageOption())
    .addOption(attachOptions.file)
    .addOption(attachOptions.redis)
    .addOption(attachOptions.sentinel)
    .addOption(attachOptions.toxiproxy)
    .addOption(attachOptions.linkPorts)
    .addOption(attachOptions.allowDestructive)
    .addOption(
      new Option('--load <driver>', 'who makes the load: users inside the servers, or k6 through their HTTP doors')
        .choices(Object.keys(loadDrivers) as LoadDriverName[])
        .default('builtin' as const),
    )
    .option('--k6-script <file>', 'with --load k6: a script of your own; it finds the doors in __ENV.DOORS')
    .option('--load-instances <n>', 'with --load k6: how many processes of k6 share the load (1)')
    .addOption(new Option('--format <format>', 'what is printed to stdout').choices(['text', 'json']).default('text'))
    .option('--out <folder>', 'where the reports are written', 'reports')
    .addOption(new Option('--quiet', 'no progress on stderr').conflicts('verbose'))
    .option('--verbose', 'on stderr also what happens to nodes and servers, each stage of a fault, where the logs are')
    .addHelpText(
      'after',
      examples({
        'picklock run oversell --topology all --with-control': 'the first drill',
        'picklock run primary-kill --lock ./my-lock.ts': 'a lock of your own, in process',
        "picklock run oversell --lock 'stdio:python3 lock.py'": 'a lock in any language',
        'picklock run oversell --lock set-nx,redlock --format json': 'reports for a program',
        'picklock run slow-network --seed 42 --set load.duration=20s': 'the same again, longer',
        'picklock run primary-kill --lock set-nx --repeat 20': 'how often a bug shows that is a matter of luck',
        'picklock run --all --lock ./my-lock.ts': 'every scenario, each with the lock that it has to catch',
        'picklock run oversell --runtime docker --image redis=valkey/valkey:8': 'nodes as containers, of another image',
        'picklock run failover --runtime attach': 'the stack of docker-compose.yml, which is up',
        'picklock run coupon-stampede --load k6': 'the load by k6',
        'picklock run oversell --load k6 --k6-script ./my.js': 'by a k6 script of your own',
      }),
    )
    .action(
      exits(async (names, options) => {
        if (options.all && names.length > 0)
          throw new UsageError(`--all means every scenario; leave out ${names.join(' ')}, or --all`)
        const cwd = process.cwd()
        const repeat = parseCount(options.repeat, '--repeat', 1, repeatMax)
        const jobs = parseCount(
          options.jobs,
          '--jobs',
          options.all && options.runtime !== 'attach' ? jobsOfAll() : 1,
          jobsMax,
        )
        const progress = progressOf(options)
        const drills = await chooseDrills({
          scenarios: options.all ? scenarioNames() : [...new Set(names)],
          topologies: parseTopologies(options.topology),
          locks: options.lock.length > 0 ? parseLocks(options.lock) : ['reference'],
          seed: parseSeed(options.seed),
          repeat,
          set: options.set,
          lockOptions: parseLockOptions(options.lockOption),
          ...parseRuntime(options),
          driver: parseDriver(options),
          withControl: options.control && (options.withControl === true || options.all === true),
          // Whoever asks for all means all that make sense.
          unfit: options.all ? (why) => progress.say(`left out: ${why}`) : undefined,
          cwd,
        })
        checkAttached(
          drills.map(({ plan }) => plan),
          jobs,
        )
        await setUp(options.runtime)
        if (options.load === 'k6') await inspectLoads(drills, cwd)
        // Loaded here, so that a mistake is answered before Redis clients and the rest are.
        const { playDrills } = await import('./play.ts')
        using interrupt = onInterrupt(progress.say)
        const played: Played[] = []
        const show = (one: Played) => {
          if (one.as === 'lock under test') played.push(one)
          progress.clear()
          if (options.format === 'text') process.stdout.write(render(one, repeat))
        }
        try {
          await playDrills(drills, { out: options.out, cwd, jobs, progress, signal: interrupt.signal }, show)
        } catch (error) {
          // What was broken off is no failure: whoever pressed Ctrl-C while nodes were starting wants nothing but the end.
          if (interrupt.exitCode() === undefined) throw error
        } finally {
          // Also what was judged before a failure: a program that reads stdout gets an array in any case.
          const reports = played.toSorted((a, b) => a.index - b.index).map(({ report }) => report)
          if (options.format === 'json') process.stdout.write(renderJsonArray(reports))
          else if (repeat > 1) process.stdout.write(renderTally(reports, consoleOptions()))
          else if (reports.length > 1) process.stdout.write(renderMatrix(reports, consoleOptions()))
        }
        if (played.length > 1) {
          const { writeMatrix } = await import('../reporters/folder.ts')
          progress.say(`all of them: ${await writeMatrix(options.out, played)}`)
        }
        const ended = interrupt.exitCode()
        if (ended === undefined) return exitCode(played.map(({ report }) => report))
        progress.say(`interrupted: ${played.length} of ${drills.length} drills came to a report`)
        return ended
      }),
    )
}

/** A drill that is run once is told in full; of many, each has a line, and those that ended badly can be looked up in their reports. */
function render({ as, report, folder }: Played, repeat: number): string {
  if (repeat > 1)
    return as === 'control' && report.verdict === 'invalid' ? '' : renderRun(report, consoleOptions(folder))
  return (as === 'control' ? renderControl : renderConsole)(report, consoleOptions(folder))
}

/** What k6 says to the script and the load, before anything starts; once for drills that are alike to it. */
async function inspectLoads(drills: readonly Drill[], cwd: string): Promise<void> {
  const { inspectPlan } = await import('../load/inspect-plan.ts')
  const seen = new Set<string>()
  for (const { plan } of drills) {
    const { driver, workload, load, thresholds } = plan
    const alike = JSON.stringify([driver, workload, load, thresholds])
    if (!seen.has(alike)) inspectPlan(plan, cwd)
    seen.add(alike)
  }
}

function consoleOptions(folder?: string) {
  return {
    width: process.stdout.columns ?? columnsDefault,
    color: colorLevel('stdout'),
    ...(folder !== undefined && { folder }),
  }
}
