import { stringify } from 'yaml'
import type { WrittenScenario } from '../plan/scenario.ts'
import { humanCount, humanMs, plural } from '../reporters/text.ts'
import type { Analysis } from './analysis.ts'
import type { Capture } from './capture.ts'
import type { LockTally } from './lock-tally.ts'
import type { PatternName } from './patterns/index.ts'
import { Spread } from './spread.ts'

/** What the schema of a scenario allows. */
const [serversMax, vusMax, keysMax] = [16, 10_000, 10_000]
/** All came at once where they came in less than this share of the time that it took to serve them. */
const burstShare = 0.1
const [waitMinMs, waitStepMs] = [5000, 1000]
const grantsMin = 60

/** The locks of this project that work like the pattern; the others are the user's own. */
const lockFor: Partial<Record<PatternName, string>> = {
  'set-nx': 'set-nx',
  redlock: 'redlock',
  reference: 'reference',
  'redis-py': "'stdio:python3 adapters/python/redis_lock.py'",
}

/**
 * A scenario that brings as many servers, keys and callers, at the rate at which they came, with work as long as they held the lock. Undefined where no lock
 * was held and freed. What a scenario cannot say, its comments do.
 */
export function scenarioOf(capture: Capture, analysis: Analysis, file: string): string | undefined {
  const names = new Set(analysis.locks.map(({ key, db }) => `${db} ${key}`))
  const tallies = [...capture.tallies.values()].filter((tally) => tally.pattern().sure !== 'possible')
  const holds = merged(tallies, 'holds')
  if (holds.count === 0) return undefined
  const load = loadOf(tallies, holds)
  const keys = Math.min(keysMax, names.size + analysis.more.reduce((sum, each) => sum + each.keys, 0))
  const ttls = merged(tallies, 'ttls')
  const waits = merged(tallies, 'waits')
  const servers = Math.min(serversMax, Math.max(1, analysis.servers.length))
  const { acquisitions, attempts } = analysis.counts
  const scenario: WrittenScenario = {
    name: nameFrom(file),
    title: `Replays ${plural(acquisitions, 'grant')} on ${plural(keys, 'key')} that a MONITOR capture showed`,
    story: story(analysis, load, holds, keys),
    topology: 'single',
    servers,
    lock: {
      ttlMs: ttls.count > 0 ? Math.max(1, Math.round(ttls.percentile(50))) : undefined,
      waitMs: Math.max(waitMinMs, Math.ceil((waits.percentile(100) * 1.5) / waitStepMs) * waitStepMs || 0),
    },
    workload: { kind: 'mutex', keys, workMs: workOf(holds) },
    load: load.written,
    control: 'naive',
    evidence: { grants: Math.max(1, Math.min(grantsMin, Math.floor(load.callers / 4))) },
  }
  const notes = [
    `Written by picklock analyze from ${analysis.source}: ${acquisitions} grants in ${attempts} attempts.`,
    ...limits(analysis, tallies, { ttls, servers }),
  ]
  // Parsed and written again, so that what is undefined is not there.
  return `${notes.map((note) => `# ${note}\n`).join('')}${stringify(JSON.parse(JSON.stringify(scenario)), { lineWidth: 120 })}`
}

interface Load {
  callers: number
  perSecond: number
  spanMs: number
  written: WrittenScenario['load']
}

/** Callers are those that asked for the first time; where nothing tells whose attempt it was, those that got it. */
function loadOf(tallies: readonly LockTally[], holds: Spread): Load {
  const told = tallies.every(({ tellsWaits }) => tellsWaits)
  const callers = tallies.reduce((sum, tally) => sum + (told ? tally.arrivals : tally.acquisitions), 0)
  const firstUs = Math.min(...tallies.map(({ firstArrivalUs }) => firstArrivalUs))
  const lastUs = Math.max(...tallies.map(({ lastArrivalUs }) => lastArrivalUs))
  const endUs = Math.max(...tallies.map(({ lastUs: each }) => each))
  const spanMs = Math.max(1, (lastUs - firstUs) / 1000)
  const perSecond = (Math.max(1, callers - 1) * 1000) / spanMs
  if (callers > 1 && spanMs < ((endUs - firstUs) / 1000) * burstShare) {
    const maxDuration = `${Math.max(20, Math.ceil(((endUs - firstUs) * 3) / 1e6))}s`
    const vus = Math.min(vusMax, callers)
    return {
      callers,
      perSecond,
      spanMs,
      written: { executor: 'shared-iterations', vus, iterations: callers, maxDuration },
    }
  }
  // By Little's law so many are there at once; as many again for bad moments.
  const staysMs = merged(tallies, 'waits').percentile(99) + holds.percentile(99)
  const maxVUs = Math.min(vusMax, Math.max(50, Math.ceil(((perSecond * staysMs) / 1000) * 2)))
  const duration = `${Math.max(1, Math.round(spanMs / 100) / 10)}s`
  return {
    callers,
    perSecond,
    spanMs,
    written: { executor: 'constant-arrival-rate', rate: Number(perSecond.toPrecision(4)), duration, maxVUs },
  }
}

/**
 * Uniform between two bounds is all that a scenario can say: with the same mean, and as many below the lowest twentieth. So a long tail makes the longest
 * work shorter than it was, and not the load smaller.
 */
function workOf(holds: Spread): { min: number; max: number } {
  const meanMs = holds.sumMs / holds.count
  const min = Math.min(meanMs, Math.max(0, (holds.percentile(5) - 0.1 * meanMs) / 0.9))
  const rounded = (ms: number) => Number(ms.toFixed(2))
  return { min: rounded(min), max: rounded(Math.max(min, 2 * meanMs - min)) }
}

function merged(tallies: readonly LockTally[], which: 'holds' | 'waits' | 'ttls'): Spread {
  const all = new Spread()
  for (const tally of tallies) all.add(tally[which])
  return all
}

function story(
  { capture, locks, source }: Analysis,
  { callers, perSecond, spanMs }: Load,
  holds: Spread,
  keys: number,
): string {
  const busiest = locks[0]!
  const lock = lockFor[busiest.pattern.name]
  return `${source}, ${humanMs(capture.durationMs)}${capture.startedAt === null ? '' : ` from ${capture.startedAt} on`}: ${callers} callers came for ${plural(keys, 'key')} within ${humanMs(spanMs)}, ${humanCount(perSecond)} a second. The busiest is ${busiest.key} (${busiest.pattern.name}, ${busiest.pattern.sure}), with ${busiest.counts.attempts} attempts for ${busiest.counts.acquisitions} grants. Holds took ${humanMs(holds.percentile(50))} in the middle and ${humanMs(holds.percentile(99))} at the 99th percentile.

${lock === undefined ? 'Run it with the lock that was captured (--lock ./your-lock.ts)' : `Run it with --lock ${lock}`}, and then with the one that is to replace it.
`
}

/** What the file cannot say. */
function limits(
  { locks, servers }: Analysis,
  tallies: readonly LockTally[],
  { ttls, servers: used }: { ttls: Spread; servers: number },
): string[] {
  const [busiest, next] = locks
  return [
    ...(next !== undefined && busiest!.counts.attempts > 2 * next.counts.attempts
      ? [`Keys are drawn evenly here; in the capture ${busiest!.key} had ${busiest!.counts.attempts} of the attempts.`]
      : []),
    ...(ttls.count === 0 ? ['The locks had no time to live; here they have the default.'] : []),
    ...(servers.length > used ? [`The capture has ${servers.length} servers; a drill has at most ${used}.`] : []),
    ...(tallies.some(({ tellsWaits }) => !tellsWaits)
      ? ['Each attempt had a token of its own, so callers are counted by their grants: those that gave up are missing.']
      : []),
    'workMs is what Redis saw, a round trip longer than the work itself.',
  ]
}

/** `monitor-2025.log.gz` → `monitor-2025`: a scenario's name is lower case letters, digits and dashes. */
function nameFrom(file: string): string {
  const base = file
    .split(/[/\\]/)
    .at(-1)!
    .replace(/\.ya?ml$/i, '')
  const name = base
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
  return name === '' ? 'captured' : name
}
