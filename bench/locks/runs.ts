import { readFile } from 'node:fs/promises'
import { monotonicNs } from '../../src/lib/clock.ts'
import type { Cycles } from './cycles.ts'
import { type ContenderName, contenders } from './index.ts'
import { type Stampede, stampede } from './measures.ts'
import type { Stand } from './stand.ts'
import { commandCalls, difference, requestsPerGrant, type Wire } from './wire.ts'
import type { Worker } from './workers.ts'

export interface Sizes {
  users: number
  holdMs: number
  /** A run that is not through by then is told as far as it came. */
  limitMs: number
}

export interface Contended extends Stampede {
  /** Round trips of PING from the server processes during the run, each after some rest, as a hand-over is; ms. */
  pingsMs: number[]
  /** The same just before the run: one right after the other, and one after each hold's length of rest. */
  busyPingsMs: number[]
  restedPingsMs: number[]
  requestsPerGrant: { all: number; butReleases: number }
  /** What the server counted, commands of scripts included. */
  calls: Record<string, number>
  /** How far the counter that every holder reads and writes back one higher fell behind the grants. */
  lostUpdates: number
}

export interface Uncontended {
  /** Names of the commands that one cycle sends. */
  acquire: string[]
  release: string[]
  /** By number of cycles at once. */
  lanes: Record<number, Cycles>
}

export interface Quorum extends Stampede {
  lostUpdates: number
}

const startDelayMs = 150
/** Rare enough to disturb nobody: one in ten holds has one in it. */
const pingEveryMs = 100
const servers = 2
const keyOf = (run: number) => `lock:coupon:issue:${run}`
let runs = 0

/** Seed 003's work on one Redis. */
export async function contended(stand: Stand, name: ContenderName, sizes: Sizes): Promise<Contended> {
  const admin = stand.admins[0]!
  await stand.flush()
  await using workers = await stand.workers(name, servers)
  const wire = await workers[0]!.ask('wire')
  const busyPingsMs: number[] = []
  for (const worker of workers) busyPingsMs.push(...(await worker.ask('ping', { count: 400, everyMs: 0 })).slice(100))
  const rested = await Promise.all(workers.map((worker) => worker.ask('ping', { count: 50, everyMs: sizes.holdMs })))

  const before = await commandCalls(admin)
  const { pingsMs, ...run } = await rush(stand, workers, sizes, pingEveryMs)
  const calls = difference(await commandCalls(admin), before)
  return {
    ...run,
    pingsMs,
    busyPingsMs,
    restedPingsMs: rested.flat(),
    requestsPerGrant: requestsPerGrant(calls, run.grants, wire),
    calls,
  }
}

/** Everybody at once, spread over the workers. */
async function rush(
  stand: Stand,
  workers: Worker[],
  { users, holdMs, limitMs }: Sizes,
  pingEveryMs = 0,
): Promise<Quorum & { pingsMs: number[] }> {
  const counterFile = await stand.counterFile()
  const key = keyOf(++runs)
  const startNs = String(monotonicNs() + BigInt(startDelayMs * 1e6))
  const parts = await Promise.all(
    workers.map((worker, index) =>
      worker.ask('stampede', {
        key,
        users: Math.floor((users + index) / workers.length),
        holdMs,
        startNs,
        limitMs,
        counterFile,
        pingEveryMs,
      }),
    ),
  )
  const counted = Number((await readFile(counterFile)).readBigInt64LE())
  const figures = stampede(
    parts.flatMap(({ turns }) => turns),
    workers.map(({ name }) => name),
  )
  // Whoever holds the lock when the time is over may have written, and is not among the grants yet.
  const lostUpdates = Math.max(0, figures.grants - counted)
  return { ...figures, lostUpdates, pingsMs: parts.flatMap((part) => part.pingsMs) }
}

/** Cycles of one process, each on a key that nobody else wants. */
export async function uncontended(
  stand: Stand,
  name: ContenderName,
  { sliceMs, slices }: { sliceMs: number; slices: number },
): Promise<Uncontended> {
  await stand.flush()
  await using workers = await stand.workers(name, 1)
  const worker = workers[0]!
  const wire = await worker.ask('wire')
  const lanes: Record<number, Cycles> = {}
  for (const count of [1, 16]) lanes[count] = await worker.ask('cycles', { lanes: count, sliceMs, slices, wire })
  return { acquire: names(wire.acquire), release: names(wire.release), lanes }
}

const names = (commands: Wire['acquire']) => commands.map(([name]) => name!.toUpperCase())

/** The same work on a quorum; undefined for a lock that has no form for one. */
export async function quorum(stand: Stand, name: ContenderName, sizes: Sizes): Promise<Quorum | undefined> {
  if (!(await contenders[name]()).quorum) return undefined
  await stand.flush()
  await using workers = await stand.workers(name, servers)
  const { pingsMs: _, ...run } = await rush(stand, workers, sizes)
  return run
}

/**
 * Three clients who ask at once, each nearest to a node of its own: the time until all three have had the lock, ms, start by start.
 * A start that is not through after `limitMs` is Infinity, and the last.
 */
export async function asymmetric(
  stand: Stand,
  name: ContenderName,
  {
    starts,
    holdMs,
    limitMs,
    endpoints,
  }: Omit<Sizes, 'users'> & { starts: number; endpoints: Parameters<Stand['workers']>[2] },
): Promise<number[] | undefined> {
  if (!(await contenders[name]()).quorum) return undefined
  await stand.flush()
  await using workers = await stand.workers(name, 3, endpoints)
  const took: number[] = []
  for (let start = 0; start < starts; start++) {
    const run = await grantsOfEach(stand, workers, holdMs, limitMs)
    took.push(run)
    if (run === Infinity) break
  }
  return took
}

async function grantsOfEach(stand: Stand, workers: Worker[], holdMs: number, limitMs: number): Promise<number> {
  const counterFile = await stand.counterFile()
  const key = keyOf(++runs)
  const startNs = String(monotonicNs() + BigInt(startDelayMs * 1e6))
  const parts = await Promise.all(
    workers.map((worker) => worker.ask('stampede', { key, users: 1, holdMs, startNs, limitMs, counterFile })),
  )
  if (parts.some(({ turns }) => turns.length === 0)) return Infinity
  return Math.max(...parts.flatMap(({ turns }) => turns).map(({ granted }) => granted / 1e6))
}
