/**
 * The reference lock beside its peers, in one run: see bench/README.md.
 *
 *   node bench/locks.ts [--rounds 3] [--only reference,redlock-4] [--parts contended,uncontended,quorum] [--out file]
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { dirname } from 'node:path'
import { UsageError } from '../src/lib/failure.ts'
import { type Choices, choices } from './locks/choices.ts'
import { ttlMs } from './locks/contender.ts'
import type { ContenderName } from './locks/index.ts'
import { median } from './locks/measures.ts'
import { type Results, figures, pings } from './locks/figures.ts'
import { asymmetric, contended, quorum, uncontended } from './locks/runs.ts'
import { openStand, type Stand } from './locks/stand.ts'
import { render } from './locks/tables.ts'

/** Round trip from a client to its own node and to the others; Toxiproxy takes whole milliseconds each way. */
const nearMs = 2
const farMs = 30
const slices = { sliceMs: 200, slices: 5 }
const starts = 6
const asymmetricLimitMs = 10_000
/** Of long lists, in the JSON. */
const partsKept = 20

try {
  await main(choices())
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  console.error(error.message)
  process.exitCode = error.exitCode
}

async function main(given: Choices): Promise<void> {
  const results: Results = {}
  for (const name of given.names) results[name] = { contended: [], uncontended: [], quorum: [], asymmetric: [] }
  let version = ''
  if (given.parts.includes('contended') || given.parts.includes('uncontended')) {
    await using stand = await openStand(1)
    version = stand.version
    await onOneNode(stand, given, results)
  }
  if (given.parts.includes('quorum')) {
    await using stand = await openStand(3)
    version = stand.version
    await onThreeNodes(stand, given, results)
  }

  const locks = await figures(results)
  const { rounds, users, holdMs } = given
  const pingsMs = pings(results)
  const about = {
    at: new Date().toISOString(),
    node: process.version,
    redis: version,
    machine: `${cpus()[0]?.model.trim() ?? 'unknown'}, ${availableParallelism()} cores, ${process.platform} ${process.arch}`,
    settings: { rounds, users, servers: 2, holdMs, ttlMs, nearMs, farMs },
    pingMs: { run: median(pingsMs.runMs), rested: median(pingsMs.restedMs), busy: median(pingsMs.busyMs) },
  }
  mkdirSync(dirname(given.out), { recursive: true })
  writeFileSync(given.out, `${JSON.stringify({ about, locks, rounds: results }, shorter, 2)}\n`)

  console.log(`\nNode ${about.node}, Redis ${version}; ${about.machine}`)
  console.log(`${users} users in 2 processes, ${holdMs} ms of work each; medians of ${rounds} rounds`)
  if (given.parts.includes('contended'))
    console.log(
      `PING ${about.pingMs.run.toFixed(3)} ms during the runs; before, ${about.pingMs.rested.toFixed(3)} ms after ${holdMs} ms of rest and ${about.pingMs.busy.toFixed(3)} ms one after the other`,
    )
  console.log(`\n${render(locks as Required<typeof locks>)}`)
}

/** A peer that cannot run does not stop the others: its reason is a result, too. */
async function attempt<Result>(what: string, run: () => Promise<Result>): Promise<Result | string> {
  const startMs = performance.now()
  try {
    return await run()
  } catch (error) {
    return (error as Error).message
  } finally {
    console.error(`${what} (${((performance.now() - startMs) / 1000).toFixed(1)} s)`)
  }
}

/** All locks in each round, and another one first each time: what changes on the machine meanwhile changes for all. */
function turns({ rounds, names }: Choices): { round: number; name: ContenderName }[] {
  return Array.from({ length: rounds }, (_, round) =>
    names.map((_, index) => ({ round: round + 1, name: names[(index + round) % names.length]! })),
  ).flat()
}

async function onOneNode(stand: Stand, given: Choices, results: Results): Promise<void> {
  for (const { round, name } of turns(given)) {
    const rounds = results[name]!
    if (given.parts.includes('contended'))
      rounds.contended.push(await attempt(`round ${round}, contended, ${name}`, () => contended(stand, name, given)))
    if (given.parts.includes('uncontended'))
      rounds.uncontended.push(
        await attempt(`round ${round}, uncontended, ${name}`, () => uncontended(stand, name, slices)),
      )
  }
}

async function onThreeNodes(stand: Stand, given: Choices, results: Results): Promise<void> {
  const endpoints = await stand.distant(3, (client, node) => (client === node ? nearMs : farMs))
  const start = { starts, holdMs: given.holdMs, limitMs: asymmetricLimitMs, endpoints }
  for (const { round, name } of turns(given)) {
    const rounds = results[name]!
    rounds.quorum.push(await attempt(`round ${round}, quorum, ${name}`, () => quorum(stand, name, given)))
    rounds.asymmetric.push(await attempt(`round ${round}, asymmetric, ${name}`, () => asymmetric(stand, name, start)))
  }
}

/** Six digits say it all, and a time for each of 957 grants says too much: of a list of times every fiftieth part is kept. */
function shorter(_key: string, value: unknown): unknown {
  if (Array.isArray(value) && value.length > 2 * partsKept) {
    const ascending = (value as number[]).toSorted((a, b) => a - b)
    return Array.from(
      { length: partsKept + 1 },
      (_, part) => ascending[Math.round((part / partsKept) * (ascending.length - 1))],
    )
  }
  if (typeof value !== 'number') return value
  return Number.isFinite(value) ? Number(value.toPrecision(6)) : String(value)
}
