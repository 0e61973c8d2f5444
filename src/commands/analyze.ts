import { Command, Option } from '@commander-js/extra-typings'
import { writeFile } from 'node:fs/promises'
import { EnvironmentError, UsageError } from '../lib/failure.ts'
import { parseSpan } from '../lib/span.ts'
import { urlHelp, withTls } from '../live/options.ts'
import { parseTarget, type TlsFiles } from '../live/target.ts'
import { analyse } from '../monitor/analysis.ts'
import { listen } from '../monitor/listen.ts'
import { renderPage } from '../monitor/page.ts'
import { readCapture, shownPath, type Read } from '../monitor/read.ts'
import { scenarioOf } from '../monitor/scenario.ts'
import { renderAnalysis } from '../monitor/text.ts'
import { colorLevel } from '../reporters/color.ts'
import { humanMs, plural } from '../reporters/text.ts'
import { examples, exits } from './command.ts'
import { onInterrupt } from './interrupt.ts'
import { liveStatus, type LiveStatus } from './live-status.ts'

const columnsDefault = 100
const forDefaultMs = 30_000
const environmentCode = 3

export function analyzeCommand() {
  return withTls(
    new Command('analyze')
      .description(
        'What a capture of Redis’ MONITOR tells of the locks in it: which pattern, who held what when, how long the others waited, and what went wrong.',
      )
      .argument('[capture]', 'what MONITOR wrote, also as gzip; - is stdin')
      .option('--from <redis-url>', `instead: listen to a live Redis. ${urlHelp}`)
      .option('--for <duration>', 'with --from: for how long (30s)', parseSpan)
      .addOption(new Option('--format <format>', 'what is printed to stdout').choices(['text', 'json']).default('text'))
      .option('--html <file>', 'also write the page for a browser, with the lock timeline of a drill’s report')
      .option(
        '--to-scenario <file.yaml>',
        'also write a scenario for picklock run, with the load that the capture shows',
      ),
  )
    .addHelpText(
      'after',
      `
MONITOR shows no replies. What scripts did is in the capture; what a bare SET NX met is inferred from the key's story, and
what cannot be told is said. MONITOR makes Redis send every command once more and can cost it half of its throughput: 30 s say
much already. A user for it: ACL SETUSER picklock on >password +monitor +ping

Exit codes: 0; 3 the capture broke off (what was read is printed); 2 a mistake in the command.
`,
    )
    .addHelpText(
      'after',
      examples({
        'redis-cli MONITOR > monitor.log': 'makes a capture, until Ctrl-C',
        'picklock analyze monitor.log --html monitor.html': 'the locks in it, and their timeline',
        'zcat day-*.gz | picklock analyze - --format json': 'for programs',
        'picklock analyze --from redis://127.0.0.1:6379 --for 30s': 'a Redis that runs',
        'picklock analyze monitor.log --to-scenario replay.yaml':
          'then: picklock run ./replay.yaml --lock ./my-lock.ts',
      }),
    )
    .action(
      exits(async (path, options) => {
        mustFit(path, options)
        for (const file of [options.html, options.toScenario]) if (file !== undefined) await mustBeWritable(file)
        using interrupt = onInterrupt((text) => progress.say(text))
        using progress = liveStatus()
        const { capture, broken, source } = await captured(path, options, { progress, signal: interrupt.signal })
        if (broken !== undefined) progress.say(`picklock: ${broken}`)
        const analysis = analyse(capture, source)
        if (broken !== undefined) analysis.notes.unshift(broken)
        process.stdout.write(
          options.format === 'json'
            ? `${JSON.stringify(analysis, null, 2)}\n`
            : renderAnalysis(analysis, {
                width: process.stdout.columns ?? columnsDefault,
                color: colorLevel('stdout'),
              }),
        )
        if (options.html !== undefined) await writeFile(options.html, renderPage(analysis, capture))
        if (options.toScenario !== undefined) {
          const scenario = scenarioOf(capture, analysis, options.toScenario)
          if (scenario === undefined)
            throw new EnvironmentError(
              `--to-scenario ${options.toScenario}: nothing was written, because the capture shows no lock that was held and freed`,
            )
          await writeFile(options.toScenario, scenario)
        }
        return interrupt.exitCode() ?? (broken === undefined ? 0 : environmentCode)
      }),
    )
}

interface Asked extends TlsFiles {
  from?: string | undefined
  for?: number | undefined
}

function mustFit(path: string | undefined, { from, for: forMs }: Asked): void {
  if (path === undefined && from === undefined)
    throw new UsageError(
      'what is to be analysed is missing: a capture (picklock analyze monitor.log), or --from redis://…',
    )
  if (path !== undefined && from !== undefined)
    throw new UsageError(`${path} and --from ${from.replace(/\/\/.*@/s, '//…@')}: it is one or the other`)
  if (path !== undefined && forMs !== undefined) throw new UsageError('--for is for --from')
}

async function captured(
  path: string | undefined,
  options: Asked,
  { progress, signal }: { progress: LiveStatus; signal: AbortSignal },
): Promise<Read & { source: string }> {
  if (path !== undefined) {
    const read = await readCapture(path, (bytes) => progress.status(`${Math.round(bytes / 1e6)} MB read`), signal)
    return { ...read, source: shownPath(path) }
  }
  const target = parseTarget(options.from!, options)
  const forMs = options.for ?? forDefaultMs
  progress.say(
    `listening to ${target.shown} for ${humanMs(forMs)} by MONITOR, which can cost it half of its throughput; Ctrl-C ends it earlier`,
  )
  const { node, ...heard } = await listen({
    target,
    forMs,
    signal,
    onProgress: ({ traffic }, leftMs) =>
      progress.status(`${plural(traffic.commands, 'command')} heard, ${humanMs(leftMs)} to go`),
  })
  return { ...heard, source: node }
}

async function mustBeWritable(file: string): Promise<void> {
  await writeFile(file, '', { flag: 'a' }).catch((error: NodeJS.ErrnoException) => {
    throw new EnvironmentError(`${file} cannot be written (${error.code})`)
  })
}
