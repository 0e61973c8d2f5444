import { setTimeout as sleep } from 'node:timers/promises'
import { EnvironmentError } from '../lib/failure.ts'
import { ownVersion } from '../lib/version.ts'
import type { Connection } from '../live/connection.ts'
import { Refused, Unreachable } from '../live/failure.ts'
import { fieldsOf } from '../live/info.ts'
import { connectTo, find } from '../live/open.ts'
import { textOf } from '../live/resp.ts'
import type { Target } from '../live/target.ts'
import { checks } from './checks/index.ts'
import type { Check, Limits } from './checks/check.ts'
import { readNode, type Facts } from './facts.ts'
import { globToRegExp } from './glob.ts'
import { Pace } from './pace.ts'
import { Patterns } from './patterns.ts'
import { judgePatterns } from './judge-patterns.ts'
import type { AuditReport, NodeReport } from './report.ts'
import { describeNode } from './describe.ts'
import { survey } from './survey.ts'
import { counted, humanSpan } from './words.ts'

/** What may be left out: parts that this user may not read, or that nobody wants to know. */
export const skippable = ['memory', 'settings', 'slowlog', 'values'] as const
export type Skippable = (typeof skippable)[number]

export interface AuditOptions {
  targets: readonly Target[]
  /** Globs of the keys that are locks; where there are none, what looks like one. */
  locks: readonly string[]
  limits: Limits
  /** Between the first pass and a second. */
  againAfterMs: number | undefined
  /** Keys per second and node. */
  rate: number
  skip: ReadonlySet<Skippable>
  signal: AbortSignal
  /** What is going on, over and over. */
  status(text: string): void
}

/** Looks at each node, all at once, and writes nothing. What fails on one is a sentence in its report. */
export async function audit(options: AuditOptions): Promise<AuditReport> {
  const startedAt = new Date()
  const startMs = performance.now()
  const nodes = await Promise.all(options.targets.map((target) => auditNode(target, options)))
  return {
    schema: 1,
    picklock: ownVersion(),
    startedAt: startedAt.toISOString(),
    durationMs: Math.round(performance.now() - startMs),
    ttlLimitMs: options.limits.ttlMs,
    nodes,
  }
}

async function auditNode(target: Target, options: AuditOptions): Promise<NodeReport> {
  const notRead = new Set<string>()
  const notes: string[] = []
  const facts: Facts = {
    node: target.shown,
    patterns: [],
    keys: 0,
    info: new Map(),
    config: new Map(),
    slowlog: undefined,
    sentinels: undefined,
    betweenMs: undefined,
  }
  try {
    await read(target, options, facts, notes, ({ message }) => notRead.add(message))
  } catch (error) {
    if (options.signal.aborted) notRead.add(`${facts.node} was not looked at to the end: interrupted`)
    else if (error instanceof EnvironmentError) notRead.add(error.message)
    else throw error
  }
  // Also of half a survey: what was seen is there.
  const findings = Object.entries(checks).flatMap(([name, check]: [string, Check]) =>
    check.look(facts, options.limits).map((finding) => ({ check: name, ...finding })),
  )
  return describeNode(facts, { findings, notes, notRead: [...notRead] })
}

/** Fills `facts` as it goes, so that what was read before a failure stays. */
async function read(
  target: Target,
  options: AuditOptions,
  facts: Facts,
  notes: string[],
  told: (refusal: Refused) => void,
): Promise<void> {
  const { skip, signal, limits } = options
  const { node, sentinels } = await find(target)
  facts.node = node.name
  facts.sentinels = sentinels
  using connection = await connectTo(node)
  await mustBeReads(connection, notes)
  Object.assign(
    facts,
    await readNode(connection, { settings: !skip.has('settings'), slowlog: !skip.has('slowlog'), told }),
  )
  notes.push(...besides(facts, target))

  const pace = new Pace(options.rate)
  const globs = options.locks.map(globToRegExp)
  const named = new Patterns()
  const others = new Patterns()
  const pass = (nth: string) =>
    survey(connection, {
      tallyOf: (key) => (globs.some((glob) => glob.test(key)) ? named : others).tallyOf(key),
      ttlLimitMs: limits.ttlMs,
      memory: !skip.has('memory'),
      pace,
      signal,
      seen(keys) {
        facts.keys = keys
        options.status(`${facts.node}: ${counted(keys, 'key')}${nth}`)
      },
      told,
    })
  try {
    await pass('')
    if (options.againAfterMs !== undefined) facts.betweenMs = await pauseBetween(options, facts.node, connection)
    if (facts.betweenMs !== undefined) {
      named.nextPass()
      others.nextPass()
      await pass(', the second time')
    }
  } finally {
    facts.patterns = await judgePatterns({
      named,
      others,
      globs,
      connection,
      values: !skip.has('values') && !signal.aborted,
      told,
    })
  }
}

/** The time from one pass to the next; a connection that breaks meanwhile ends the audit now and not then. */
async function pauseBetween({ againAfterMs, signal, status }: AuditOptions, node: string, connection: Connection) {
  status(`${node}: again in ${humanSpan(againAfterMs!)}`)
  const startMs = performance.now()
  const stop = new AbortController()
  const gone = connection.ended.then((failure) => Promise.reject<never>(failure))
  try {
    await Promise.race([sleep(againAfterMs, undefined, { signal: AbortSignal.any([signal, stop.signal]) }), gone])
  } finally {
    stop.abort()
    gone.catch(() => {})
  }
  return performance.now() - startMs
}

const asked = ['scan', 'pttl', 'type', 'getrange', 'hscan', 'dbsize', 'object', 'memory']

/** By the server's own word: a module or a renaming may have made something else of a command. */
async function mustBeReads(connection: Connection, notes: string[]): Promise<void> {
  const told = await connection.askIfAllowed(
    () => notes.push('COMMAND may not be asked here, so that the names of the commands were relied upon'),
    'COMMAND',
    'INFO',
    ...asked,
  )
  if (!Array.isArray(told)) return
  for (const entry of told) {
    if (!Array.isArray(entry)) continue
    const [name, , flags] = entry
    if (Array.isArray(flags) && flags.map(textOf).includes('write'))
      throw new Unreachable(`${connection.where} says that ${textOf(name).toUpperCase()} writes: nothing was asked`)
  }
}

function besides({ info }: Facts, { database }: Target): string[] {
  const others = [...info].flatMap(([name, value]) => {
    const [, number] = /^db(\d+)$/.exec(name) ?? []
    if (number === undefined || Number(number) === database) return []
    return [
      `database ${number} with ${counted(Number(fieldsOf(value)['keys']), 'key')} was not looked at: end the URL with /${number}`,
    ]
  })
  const cluster =
    info.get('redis_mode') === 'cluster'
      ? ['this is one node of a cluster: name every primary of it, one URL each']
      : []
  return [...others, ...cluster]
}
