import { Command, InvalidArgumentError, Option } from '@commander-js/extra-typings'
import { EnvironmentError } from '../lib/failure.ts'
import { parseSpan } from '../lib/span.ts'
import { urlHelp, withTls } from '../live/options.ts'
import { toBytes } from '../live/resp.ts'
import { parseTarget } from '../live/target.ts'
import { parseListen } from '../watch/metrics.ts'
import { exitCodeOfWatch, Summing } from '../watch/summary.ts'
import { watch } from '../watch/watch.ts'
import { collect, parseRate } from './arguments.ts'
import { examples, exits } from './command.ts'
import { onInterrupt } from './interrupt.ts'
import { liveScreen, ndjson } from './watch-screen.ts'

const rateDefault = 20_000
const reconnectDefaultMs = 30_000

export function watchCommand() {
  return withTls(
    new Command('watch')
      .description(
        'Watches the locks of a live Redis: taken, given back, expired (its holder never gave it back), and the memory. Writes nothing; --enable-notifications alone changes one setting, and puts it back.',
      )
      .argument('<url>', urlHelp)
      .option(
        '--pattern <glob>',
        'these keys are locks, as in KEYS; repeatable (default: what is called one)',
        collect,
        [],
      )
      .option('--ttl-limit <duration>', 'a lock should live for no longer (10s)', parseSpan, 10_000)
      .option('--for <duration>', 'end after that long (default: Ctrl-C)', parseSpan)
      .option('--every <duration>', 'between two looks (1s)', parseSpan, 1000)
      .option(
        '--rate <n>',
        `keys per second, at most, where it looks at all of them (${rateDefault})`,
        parseRate,
        rateDefault,
      )
      .option(
        '--reconnect <duration>',
        'try for so long again where the connection is lost (30s)',
        parseSpan,
        reconnectDefaultMs,
      )
      .option('--no-reconnect', 'end there at once')
      .option('--alarm <share>', 'of the memory limit, as 80%: from here on it is told (80%)', parseShare, 0.8)
      .option('--enable-notifications', 'turn keyspace notifications on for as long as it watches')
      .option('--metrics <address>', 'serve Prometheus at /metrics: :9121 on loopback, or 0.0.0.0:9121')
      .addOption(new Option('--format <format>', 'live on a terminal, ndjson elsewhere').choices(['live', 'ndjson'])),
  )
    .addHelpText(
      'after',
      `
A read-only user for it:
  ACL SETUSER picklock on >password ~* &__keyevent@0__:* +ping +select +scan +pttl +info +config|get +psubscribe
  (and +config|set for --enable-notifications)

It sees by keyspace notifications where Redis sends them (notify-keyspace-events has E, g, $, h, x and e), else by looking at all keys again and again.
Exit codes: 0 all was well; 1 a lock expired, was evicted, or has no TTL; 99 only the alarm's level or --ttl-limit was passed;
3 the connection was lost and did not come back (the summary tells of the time before); 2 a mistake in the command.
`,
    )
    .addHelpText(
      'after',
      examples({
        'picklock watch redis://127.0.0.1:6379': 'until Ctrl-C, which ends it with a summary',
        'picklock watch redis://127.0.0.1 --enable-notifications': 'sees every lock, also short ones',
        "picklock watch redis://127.0.0.1 --pattern 'stock:*' --for 30s": 'thirty seconds; what the locks are is known',
        'picklock watch redis://127.0.0.1 --alarm 70% --metrics :9121': 'for Prometheus',
        'picklock watch redis://127.0.0.1 --format ndjson | jq .': 'for a program',
      }),
    )
    .action(
      exits(async (url, options) => {
        const target = parseTarget(url, options)
        const listen = options.metrics === undefined ? undefined : parseListen(options.metrics)
        using interrupt = onInterrupt(() => {})
        await using stack = new AsyncDisposableStack()
        const end = new AbortController()
        if (options.for !== undefined) {
          const timer = setTimeout(() => end.abort(), options.for)
          stack.defer(() => clearTimeout(timer))
        }
        const isLive = (options.format ?? (process.stdout.isTTY ? 'live' : 'ndjson')) === 'live'
        const screen = isLive ? liveScreen() : ndjson
        const endpoint = listen && stack.use(await (await import('../watch/metrics.ts')).serveMetrics(listen))
        if (endpoint) screen.note(`metrics at ${endpoint.url}`)
        const sum = new Summing()
        const eyes = [sum, screen, ...(endpoint ? [endpoint] : [])]
        try {
          await watch({
            target,
            locks: options.pattern.map(toBytes),
            ttlLimitMs: options.ttlLimit,
            everyMs: options.every,
            rate: options.rate,
            alarmShare: options.alarm,
            enableNotifications: options.enableNotifications === true,
            reconnectMs: options.reconnect === false ? 0 : options.reconnect,
            signal: AbortSignal.any([interrupt.signal, end.signal]),
            note: screen.note,
            look: (look) => eyes.forEach((eye) => eye.look(look)),
            lost: (lost) => eyes.forEach((eye) => eye.lost(lost)),
            back: (back) => eyes.forEach((eye) => eye.back(back)),
          })
        } catch (error) {
          if (!(error instanceof EnvironmentError)) throw error
          screen.end(sum)
          throw error
        }
        screen.end(sum)
        const summary = sum.summary()
        // Ctrl-C is how this command is meant to end: the code is the summary's.
        return summary === undefined ? 0 : exitCodeOfWatch(summary)
      }),
    )
}

function parseShare(text: string): number {
  const [, percent] = /^(\d{1,3}(?:\.\d+)?)%$/.exec(text.trim()) ?? []
  if (percent === undefined || Number(percent) <= 0 || Number(percent) > 100)
    throw new InvalidArgumentError('It takes a share of the limit, as 80%.')
  return Number(percent) / 100
}
