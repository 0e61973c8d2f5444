import { Command, Option } from '@commander-js/extra-typings'
import { writeFile } from 'node:fs/promises'
import { audit, skippable, type Skippable } from '../audit/audit.ts'
import { renderAuditPage } from '../audit/html.ts'
import { exitCodeOf } from '../audit/report.ts'
import { renderText } from '../audit/text.ts'
import { EnvironmentError, UsageError } from '../lib/failure.ts'
import { suggest } from '../lib/nearest.ts'
import { parseSpan } from '../lib/span.ts'
import { urlHelp, withTls } from '../live/options.ts'
import { toBytes } from '../live/resp.ts'
import { parseTarget } from '../live/target.ts'
import { colorLevel } from '../reporters/color.ts'
import { collect, parseRate } from './arguments.ts'
import { examples, exits } from './command.ts'
import { onInterrupt } from './interrupt.ts'
import { liveStatus } from './live-status.ts'

const columnsDefault = 100
const rateDefault = 100_000
const ttlLimitDefaultMs = 10_000

export function auditCommand() {
  return withTls(
    new Command('audit')
      .description(
        'Looks at a live Redis and writes nothing: locks that never expire, what grows, and the settings that lose locks. It sends only commands that read, at a limited rate.',
      )
      .argument('<urls...>', urlHelp)
      .option(
        '--pattern <glob>',
        'these keys are locks, as in KEYS; repeatable (default: what looks like one)',
        collect,
        [],
      )
      .option('--ttl-limit <duration>', 'a lock should live for no longer (10s)', parseSpan, ttlLimitDefaultMs)
      .option('--again-after <duration>', 'look a second time, and tell what grew', parseSpan)
      .option('--rate <n>', `keys per second and node, at most (${rateDefault})`, parseRate, rateDefault)
      .option(
        '--skip <parts>',
        `leave out, where this user may not ask: ${skippable.join(', ')}`,
        parseSkip,
        new Set<Skippable>(),
      )
      .addOption(
        new Option('--format <format>', 'what is printed to stdout').choices(['text', 'json', 'html']).default('text'),
      )
      .option('--html <file>', 'also write the page for a browser')
      .option(
        '--clean <glob>',
        'instead: remove keys of this pattern that have no TTL, or more left than --ttl-limit; a dry run',
      )
      .option('--yes', 'with --clean: remove them')
      .option(
        '--removed <file>',
        'with --clean --yes: what was removed, with values and times (picklock-removed-….ndjson)',
      )
      .option(
        '--look-after <duration>',
        'with --clean: between two looks (32s); what a holder renews meanwhile stays, one who renews less often looks dead',
        parseSpan,
      ),
  )
    .addHelpText(
      'after',
      `
Exit codes: 0 nothing, or of low severity only; 99 medium: it holds today; 1 high: locks are lost or stuck;
3 something could not be read (the report has the rest, and says what); 2 a mistake in the command.

A read-only user for it:
  ACL SETUSER picklock on >password ~* +ping +select +scan +pttl +type +getrange +hscan +object|idletime
    +memory|usage +info +config|get +slowlog|get +command|info
`,
    )
    .addHelpText(
      'after',
      examples({
        'picklock audit redis://127.0.0.1:6379': 'one Redis',
        'picklock audit rediss://shop:secret@redis.example --tls-ca ca.pem': 'by TLS, as an ACL user',
        'picklock audit redis+sentinel://s1:26379,s2:26379/mymaster': 'the primary of a Sentinel group',
        "picklock audit redis://a redis://b redis://c --pattern 'lock:*'":
          'the nodes of a quorum; what the locks are is known',
        'picklock audit redis://127.0.0.1 --again-after 60s --html audit.html': 'what grows, and a page',
        "picklock audit redis://127.0.0.1 --clean 'lock:*'": 'which locks nobody holds any more; --yes removes them',
      }),
    )
    .action(
      exits(async (urls, options) => {
        const targets = urls.map((url) => parseTarget(url, options))
        if (options.html !== undefined) await mustBeWritable(options.html)
        using interrupt = onInterrupt((text) => progress.say(text))
        using progress = liveStatus()
        if (options.clean !== undefined) {
          const { cleanNodes } = await import('./audit-clean.ts')
          const code = await cleanNodes(targets, {
            pattern: options.clean,
            yes: options.yes === true,
            removed: options.removed,
            lookAfterMs: options.lookAfter,
            ttlLimitMs: options.ttlLimit,
            rate: options.rate,
            format: options.format,
            signal: interrupt.signal,
            status: progress.status,
          })
          return interrupt.exitCode() ?? code
        }
        for (const [flag, given] of Object.entries({
          yes: options.yes,
          removed: options.removed,
          'look-after': options.lookAfter,
        }))
          if (given !== undefined) throw new UsageError(`--${flag} is for --clean`)
        const report = await audit({
          targets,
          locks: options.pattern.map(toBytes),
          limits: { ttlMs: options.ttlLimit },
          againAfterMs: options.againAfter,
          rate: options.rate,
          skip: options.skip,
          signal: interrupt.signal,
          status: progress.status,
        })
        progress[Symbol.dispose]()
        if (options.format === 'json') process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
        else if (options.format === 'text')
          process.stdout.write(
            renderText(report, { width: process.stdout.columns ?? columnsDefault, color: colorLevel('stdout') }),
          )
        else process.stdout.write(renderAuditPage(report))
        if (options.html !== undefined) await writeFile(options.html, renderAuditPage(report))
        for (const sentence of report.nodes.flatMap(({ notRead }) => notRead))
          process.stderr.write(`picklock: ${sentence}\n`)
        return interrupt.exitCode() ?? exitCodeOf(report)
      }),
    )
}

/** Before a minute's work, not after it. */
async function mustBeWritable(file: string): Promise<void> {
  await writeFile(file, '', { flag: 'a' }).catch((error: NodeJS.ErrnoException) => {
    throw new EnvironmentError(`--html ${file} cannot be written (${error.code})`)
  })
}

function parseSkip(text: string, before: ReadonlySet<Skippable>): ReadonlySet<Skippable> {
  const parts = text.split(',').map((part) => part.trim())
  for (const part of parts)
    if (!(skippable as readonly string[]).includes(part))
      throw new UsageError(`--skip ${part}: there is no such part; ${suggest(part, skippable)}`)
  return new Set([...before, ...(parts as Skippable[])])
}
