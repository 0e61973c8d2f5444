import { Option, type Command } from '@commander-js/extra-typings'
import { fallbacks } from '../../incident/fallbacks.ts'
import { UsageError } from '../../lib/failure.ts'
import { topologyKinds } from '../../plan/scenario.ts'
import { workloads } from '../../workloads/index.ts'
import { parseLockOptions, plainValue } from '../selection.ts'
import type { Flag } from './gather.ts'

/** What is known, as flags; the same facts as in a file. */

const collect = (value: string, before: string[]) => [...before, value]

export const incidentFlags = (command: Command) =>
  command
    .option('--facts <file>', 'a YAML file with what is known; flags come over it')
    .option('--from <scenario>', 'a scenario to start from: a name, or a file')
    .option('--name <name>', 'of the folder and the scenario')
    .option('--title <text>', 'what happened, in a sentence')
    .option('--topology <kind>', topologyKinds.join(', '))
    .option('--servers <n>', 'how many took the lock')
    .option('--lock <lock>', 'the lock of that day: a name, a file, or stdio:<command>')
    .addOption(
      new Option('--lock-option <name=value>', 'an option for it; may be repeated')
        .argParser(collect)
        .default([] as string[], 'none'),
    )
    .option('--ttl <ms>', 'the TTL that was asked for, or none')
    .option('--wait <ms>', 'how long a caller waited')
    .option('--memory-limit <MB>', 'of Redis')
    .option('--rate <n>', 'requests a second')
    .option('--duration <ms>', 'how long the drill’s load lasts')
    .option('--workload <kind>', Object.keys(workloads).join(', '))
    .option('--fallback <kind>', `what the lock did when Redis failed: ${Object.keys(fallbacks).join(', ')}`)
    .addOption(
      new Option('--fault <name>', 'what broke (picklock list faults); may be repeated, in its order')
        .argParser(collect)
        .default([] as string[], 'kill'),
    )
    .addOption(
      new Option('--recorded <metric=n>', 'the damage of the day: duplicates, oversold, negative_stock, lost_updates')
        .argParser(collect)
        .default([] as string[], 'none'),
    )

type Options = ReturnType<ReturnType<typeof incidentFlags>['opts']>

const single = {
  from: '--from',
  name: '--name',
  title: '--title',
  topology: '--topology',
  servers: '--servers',
  lock: '--lock',
  ttl: '--ttl',
  wait: '--wait',
  memoryLimit: '--memory-limit',
  rate: '--rate',
  duration: '--duration',
  workload: '--workload',
  fallback: '--fallback',
} as const satisfies Partial<Record<keyof Options, string>>

const facts = {
  ttl: 'ttlMs',
  wait: 'waitMs',
  memoryLimit: 'memoryLimitMb',
  rate: 'ratePerSecond',
  duration: 'durationMs',
} as const
/** A name that looks like a number is a name all the same. */
const texts = ['from', 'name', 'title', 'lock']

/** Throws UsageError. */
export function flagsOf(options: Options): Flag[] {
  const flags = Object.entries(single).flatMap(([option, flag]): Flag[] => {
    const text = options[option as keyof typeof single]
    if (text === undefined) return []
    const fact = facts[option as keyof typeof facts] ?? (option as Flag['fact'])
    return [{ fact, value: texts.includes(option) ? text : plainValue(text), flag: `${flag} ${text}` }]
  })
  const { fault, recorded, lockOption } = options
  if (fault.length > 0) flags.push({ fact: 'faults', value: fault, flag: `--fault ${fault.join(' --fault ')}` })
  if (lockOption.length > 0)
    flags.push({
      fact: 'lockOptions',
      value: parseLockOptions(lockOption),
      flag: `--lock-option ${lockOption.join(' ')}`,
    })
  if (recorded.length > 0)
    flags.push({ fact: 'recorded', value: counts(recorded), flag: `--recorded ${recorded.join(' ')}` })
  return flags
}

function counts(texts: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    texts.map((text) => {
      const equals = text.indexOf('=')
      if (equals < 1)
        throw new UsageError(`--recorded ${text}: it needs a metric and a count, for example duplicates=108`)
      return [text.slice(0, equals), plainValue(text.slice(equals + 1))]
    }),
  )
}
