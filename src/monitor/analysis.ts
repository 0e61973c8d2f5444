import { hostOf } from './caller.ts'
import type { Capture } from './capture.ts'
import { sumOf, type Counts } from './counts.ts'
import { Families, type Family } from './family.ts'
import type { Entry } from './hold-book.ts'
import type { Hold, HoldEnd } from './hold.ts'
import { otherClients, type LockTally, type Share } from './lock-tally.ts'
import { notesOf } from './notes.ts'
import { patterns, type PatternName } from './patterns/index.ts'
import type { Sureness } from './patterns/pattern.ts'
import type { Spread } from './spread.ts'
import { shown } from './words.ts'

/** What `picklock analyze` found: the JSON that it prints. Times `…Ms` count from the capture's first line, unless they are durations. */
export interface Analysis {
  schema: 1
  source: string
  capture: {
    /** By the server's clock. */
    startedAt: string | null
    durationMs: number
    bytes: number
    lines: number
    commands: number
    scriptCommands: number
    /** Clients that had to do with a lock. */
    clients: number
    unreadable: number
    cut: number
  }
  /** What cannot be said, and why; one sentence each. */
  notes: string[]
  servers: ServerShare[]
  counts: Counts
  /** The busiest first. */
  locks: LockAnalysis[]
  /** Keys beyond those, by their names without numbers. */
  more: FamilySummary[]
  /** Keys that were taken once by SET NX, and that nobody wanted twice: marks against doing something twice, or locks that nobody contends for. */
  marks: FamilySummary[]
}

export interface LockAnalysis {
  key: string
  db: number
  pattern: { name: PatternName; title: string; sure: Sureness; because: string }
  counts: Counts
  attemptsPerAcquisition: number | null
  latencyMs: { acquire_wait?: Summary; hold_time: Summary; handoff: Summary }
  ttlMs: Summary
  rates: {
    /** Grants a second, from the first attempt to the last call. */
    throughput: number
    /** Grants a second, if each hold began where the last one ended: 1 / mean hold. */
    serial_limit: number | null
    /** The share of that time in which it was held. */
    of_serial_limit: number | null
    /** Jain's index over the servers' grants. */
    fairness: number | null
  }
  servers: ServerShare[]
  /** How many waited at most, seen when a hold ended. */
  waitingMost: number
  firstOverlap?: { first: OrderEntry; second: OrderEntry; fromMs: number; forMs: number }
  firstForeignRelease?: { atMs: number; by: string; of: OrderEntry }
  /** In the order of the grants; at most `orderMax`. */
  order: OrderEntry[]
}

export interface ServerShare {
  server: string
  /** Connections. */
  clients: number
  attempts: number
  grants: number
  share: number
  waitMeanMs?: number
  waitMaxMs?: number
}

export interface OrderEntry {
  atMs: number
  server: string
  client: string
  token: string
  attempts: number
  waitedMs: number
  /** Null where it was still held when the capture ended. */
  heldMs: number | null
  end: HoldEnd
  ttlMs: number | null
  renewals: number
  handoffMs?: number
}

export interface FamilySummary {
  name: string
  pattern: PatternName
  keys: number
  counts: Counts
  hold_time: Summary
}

export type Summary = ReturnType<Spread['summary']>

/** Locks that are told one by one, and of each so many grants. */
const locksMax = 200
const orderMax = 1000

export function analyse(capture: Capture, source: string): Analysis {
  const { traffic } = capture
  const tallies = [...capture.tallies.values()]
  const locks = tallies.filter((tally) => tally.pattern().sure !== 'possible')
  const [families, marks] = [new Families(capture.families), new Families(capture.marks)]
  for (const tally of tallies) if (tally.pattern().sure === 'possible') marks.add(tally, tally.pattern().name)
  locks.sort((a, b) => b.attempts - a.attempts || b.acquisitions - a.acquisitions)
  for (const tally of locks.slice(locksMax)) families.add(tally, tally.pattern().name)
  const serverOf = serverNames(tallies)
  const entries = Map.groupBy(capture.holds.inOrder(), ({ lock }) => lock)
  const startUs = Number.isFinite(traffic.firstUs) ? traffic.firstUs : 0
  const told = locks
    .slice(0, locksMax)
    .map((tally) => lockOf(tally, entries.get(tally.id) ?? [], { startUs, serverOf }))
  return {
    schema: 1,
    source,
    capture: {
      startedAt: startUs === 0 ? null : new Date(startUs / 1000).toISOString(),
      durationMs: startUs === 0 ? 0 : (traffic.lastUs - startUs) / 1000,
      bytes: capture.bytes,
      lines: traffic.lines,
      commands: traffic.commands,
      scriptCommands: traffic.scriptCommands,
      clients: capture.clients.size,
      unreadable: traffic.foreign,
      cut: traffic.cut,
    },
    notes: notesOf(capture, locks),
    servers: sharesOf(locks, serverOf),
    counts: sumOf(
      [...capture.families.all(), ...locks.map((tally) => ({ counts: tally.counts() }))].map(({ counts }) => counts),
    ),
    locks: told,
    more: families.all().map(familyOf),
    marks: marks.all().map(familyOf),
  }
}

/** By their address, where there are several; else by the connection, which is all that tells them apart. */
export function serverNames(tallies: readonly LockTally[]): (client: string) => string {
  const hosts = new Set<string>()
  for (const { shares } of tallies)
    for (const client of shares.keys()) if (client !== otherClients) hosts.add(hostOf(client))
  return hosts.size > 1 ? (client) => (client === otherClients ? client : hostOf(client)) : (client) => client
}

interface Setting {
  startUs: number
  serverOf: (client: string) => string
}

function lockOf(tally: LockTally, entries: readonly Entry[], setting: Setting): LockAnalysis {
  const { attempts, acquisitions, holds, firstUs, lastUs, heldUs } = tally
  const { name, sure, because } = tally.pattern()
  const servers = sharesOf([tally], setting.serverOf)
  const { firstOverlap, firstForeign } = tally
  const at = (hold: Hold) => orderEntry(hold, setting)
  const spanUs = lastUs - firstUs
  return {
    key: shown(tally.id.key),
    db: tally.id.db,
    pattern: { name, title: patterns[name].title, sure, because },
    counts: tally.counts(),
    attemptsPerAcquisition: acquisitions === 0 ? null : attempts / acquisitions,
    latencyMs: {
      ...(tally.tellsWaits && { acquire_wait: tally.waits.summary() }),
      hold_time: holds.summary(),
      handoff: tally.handOvers.summary(),
    },
    ttlMs: tally.ttls.summary(),
    rates: {
      throughput: spanUs > 0 ? (acquisitions * 1e6) / spanUs : 0,
      serial_limit: holds.count > 0 && holds.sumMs > 0 ? (1000 * holds.count) / holds.sumMs : null,
      of_serial_limit: spanUs > 0 && acquisitions > 1 ? Math.min(1, heldUs / spanUs) : null,
      fairness: jain(servers.map(({ grants }) => grants)),
    },
    servers,
    waitingMost: tally.waitingMost,
    ...(firstOverlap && {
      firstOverlap: {
        first: at(firstOverlap.first),
        second: at(firstOverlap.second),
        fromMs: (firstOverlap.second.grantedUs - setting.startUs) / 1000,
        forMs: (firstOverlap.untilUs - firstOverlap.second.grantedUs) / 1000,
      },
    }),
    ...(firstForeign && {
      firstForeignRelease: {
        atMs: (firstForeign.atUs - setting.startUs) / 1000,
        by: setting.serverOf(firstForeign.client),
        of: at(firstForeign.from),
      },
    }),
    order: entries.slice(0, orderMax).map(({ hold }) => at(hold)),
  }
}

function orderEntry(hold: Hold, { startUs, serverOf }: Setting): OrderEntry {
  const { token, client, attempts, grantedUs, askedUs, endUs, end, ttlMs, renewals, handOverUs } = hold
  return {
    atMs: (grantedUs - startUs) / 1000,
    server: serverOf(client),
    client,
    token: shown(token),
    attempts,
    waitedMs: (grantedUs - askedUs) / 1000,
    heldMs: end === 'open' ? null : (endUs - grantedUs) / 1000,
    end,
    ttlMs: ttlMs ?? null,
    renewals,
    ...(handOverUs !== undefined && { handoffMs: handOverUs / 1000 }),
  }
}

function sharesOf(tallies: readonly LockTally[], serverOf: (client: string) => string): ServerShare[] {
  const byServer = new Map<string, { clients: Set<string>; share: Share }>()
  let grants = 0
  for (const tally of tallies)
    for (const [client, share] of tally.shares) {
      const name = serverOf(client)
      const server = byServer.get(name) ?? {
        clients: new Set(),
        share: { attempts: 0, grants: 0, waitedMs: 0, waitedMaxMs: 0 },
      }
      byServer.set(name, server)
      server.clients.add(client)
      server.share.attempts += share.attempts
      server.share.grants += share.grants
      server.share.waitedMs += share.waitedMs
      server.share.waitedMaxMs = Math.max(server.share.waitedMaxMs, share.waitedMaxMs)
      grants += share.grants
    }
  const told = tallies.every((tally) => tally.tellsWaits)
  return [...byServer]
    .toSorted(
      ([a, one], [b, other]) => other.share.grants - one.share.grants || a.localeCompare(b, 'en', { numeric: true }),
    )
    .map(([server, { clients, share }]) => ({
      server,
      clients: clients.size,
      attempts: share.attempts,
      grants: share.grants,
      share: grants === 0 ? 0 : share.grants / grants,
      ...(told && share.grants > 0 && { waitMeanMs: share.waitedMs / share.grants, waitMaxMs: share.waitedMaxMs }),
    }))
}

/** Jain, Chiu, Hawe 1984: 1 = all alike, 1/n = one got them all. */
function jain(grants: readonly number[]): number | null {
  const total = grants.reduce((all, each) => all + each, 0)
  if (total === 0) return null
  return total ** 2 / (grants.length * grants.reduce((all, each) => all + each ** 2, 0))
}

const familyOf = ({ name, pattern, keys, counts, holds }: Family): FamilySummary => ({
  name: shown(name),
  pattern,
  keys,
  counts,
  hold_time: holds.summary(),
})
