import type { Connection } from '../live/connection.ts'
import type { Refused } from '../live/failure.ts'
import { readInfo } from '../live/info.ts'
import type { SentinelGroup } from '../live/open.ts'
import { textOf } from '../live/resp.ts'
import type { LockGuess } from './lock-like.ts'
import type { Tally } from './tally.ts'

/** Everything that was read of a node; the checks look at nothing else. */
export interface Facts {
  /** The URL, without a password. */
  node: string
  /** Of the database that was looked at. */
  patterns: PatternFacts[]
  /** Keys that were looked at. */
  keys: number
  /** What INFO says; empty where this user may not ask. */
  info: ReadonlyMap<string, string>
  /** What CONFIG GET says; empty where this user may not ask. */
  config: ReadonlyMap<string, string>
  slowlog: SlowCommand[] | undefined
  sentinels: SentinelGroup | undefined
  /** From the first pass to the second, where there were two. */
  betweenMs: number | undefined
}

export interface PatternFacts extends Tally {
  pattern: string
  /** Estimated by the mean of those that were asked; undefined where none was. */
  bytes: number | undefined
  lock: LockGuess | undefined
  /** What lives on beside locks by design: counters of fences. */
  bookkeeping: boolean
  /** Of examples that look stuck: how long nobody has touched them. */
  idleMs: Record<string, number>
  /** Of the first pass, where there were two. */
  before: Tally | undefined
}

export interface SlowCommand {
  command: string
  tookMs: number
  at: string
}

const settings = [
  'appendfsync',
  'appendonly',
  'maxclients',
  'maxmemory',
  'maxmemory-policy',
  'min-replicas-max-lag',
  'min-replicas-to-write',
  'notify-keyspace-events',
  'save',
  'slowlog-log-slower-than',
  'stop-writes-on-bgsave-error',
  'tcp-keepalive',
  'timeout',
]
const slowMax = 128

export interface FactsOptions {
  settings: boolean
  slowlog: boolean
  told(refusal: Refused): void
}

/** What a node says of itself. */
export async function readNode(connection: Connection, options: FactsOptions) {
  const { told } = options
  if (!options.settings)
    return { info: new Map<string, string>(), config: new Map<string, string>(), slowlog: undefined }
  return {
    info: await readInfo(connection, told),
    config: await readConfig(connection, told),
    slowlog: options.slowlog ? await readSlowlog(connection, told) : undefined,
  }
}

/** One by one: before version 7, CONFIG GET takes one name. */
async function readConfig(connection: Connection, told: (refusal: Refused) => void): Promise<Map<string, string>> {
  const config = new Map<string, string>()
  for (const name of settings) {
    let allowed = true
    const reply = await connection.askIfAllowed(
      (refusal) => {
        allowed = false
        told(refusal)
      },
      'CONFIG',
      'GET',
      name,
    )
    if (!allowed) break
    if (Array.isArray(reply) && reply.length === 2) config.set(textOf(reply[0]), textOf(reply[1]))
  }
  return config
}

/** Without the arguments: they are the shop's, and may be secrets. */
async function readSlowlog(
  connection: Connection,
  told: (refusal: Refused) => void,
): Promise<SlowCommand[] | undefined> {
  const entries = await connection.askIfAllowed(told, 'SLOWLOG', 'GET', String(slowMax))
  if (!Array.isArray(entries)) return undefined
  return entries.flatMap((entry) => {
    if (!Array.isArray(entry)) return []
    const [, atSeconds, tookUs, words] = entry
    const command = Array.isArray(words) ? textOf(words[0]).toUpperCase() : ''
    return [{ command, tookMs: Number(tookUs) / 1000, at: new Date(Number(atSeconds) * 1000).toISOString() }]
  })
}

/** What either of the two told: a user may ask for one and not for the other. */
type Told = Pick<Facts, 'info' | 'config'>

/** In bytes; 0: there is none. Undefined where nothing told. */
export const memoryLimitOf = ({ info, config }: Told): number | undefined =>
  numberOf(info, 'maxmemory') ?? numberOf(config, 'maxmemory')

export const evictionPolicyOf = ({ info, config }: Told): string | undefined =>
  config.get('maxmemory-policy') ?? info.get('maxmemory_policy')

/** A number that INFO or CONFIG GET told; undefined where it did not. */
export function numberOf(from: ReadonlyMap<string, string>, name: string): number | undefined {
  const text = from.get(name)
  const number = Number(text)
  return text === undefined || text === '' || Number.isNaN(number) ? undefined : number
}
