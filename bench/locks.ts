/**
 * The reference lock beside its peers, in one run: see bench/README.md.
 *
 *   node bench/locks.ts [--rounds 3] [--only reference,redlock-4] [--parts contended,uncontended,quorum] [--out file]
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { UsageError } from '../src/lib/failure.ts'
import { suggest } from '../src/lib/nearest.ts'
import { ttlMs } from './locks/contender.ts'
import { type ContenderName, contenders } from './locks/index.ts'
import { median } from './locks/measures.ts'
import { type Results, figures, pings } from './locks/figures.ts'
import { asymmetric, contended, quorum, uncontended } from './locks/runs.ts'
import { openStand, type Stand } from './locks/stand.ts'
import { render } from './locks/tables.ts'

const parts = ['contended', 'uncontended', 'quorum'] as const
type Part = (typeof parts)[number]

/** Round trip from a client to its own node and to the others; Toxiproxy takes whole milliseconds each way. */
const nearMs = 2
const farMs = 30
const slices = { sliceMs: 200, slices: 5 }
const starts = 10
const asymmetricLimitMs = 10_000

interface Choices {
  rounds: number
  names: ContenderName[]
  parts: Part[]
  users: number
  holdMs: number
  limitMs: number
  out: string
}

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
  const busyPingMs = median(pings(results).busyMs)
  const pingMs = median(pings(results).restedMs)
  const { rounds, users, holdMs } = given
  const about = {
    at: new Date().toISOString(),
    machine: {
      cpu: cpus()[0]?.model.trim() ?? 'unknown',
      cores: availableParallelism(),
      platform: `${process.platform} ${process.arch}`,
    },
    node: process.version,
    redis: version,
    settings: { rounds, users, servers: 2, holdMs, ttlMs, nearMs, farMs },
    pingMs,
    busyPingMs,
  }
  mkdirSync(dirname(given.out), { recursive: true })
  writeFileSync(given.out, `${JSON.stringify({ about, locks, rounds: summarized(results) }, replacer, 2)}\n`)
  console.log(
    `\nNode ${process.version}, Redis ${version}, ${about.machine.cores} cores; ${users} users in 2 processes, ${holdMs} ms of work; ` +
      `medians of ${rounds} rounds; PING ${pingMs.toFixed(3)} ms after ${holdMs} ms of rest (${busyPingMs.toFixed(3)} ms without)\n`,
  )
  console.log(render(locks as Required<typeof locks>))
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

/** Without the thousands of single times. */
function summarized(results: Results) {
  return Object.fromEntries(
    Object.entries(results).map(([name, { contended, ...rest }]) => [
      name,
      {
        ...rest,
        contended: contended.map((run) =>
          typeof run === 'string' ? run : { ...run, busyPingsMs: undefined, restedPingsMs: undefined },
        ),
      },
    ]),
  )
}

/** Six digits say it all, and a hand-over for each grant says too much: every fiftieth part of them is kept. */
function replacer(key: string, value: unknown): unknown {
  if (key === 'handOversMs' && Array.isArray(value))
    return Array.from({ length: 51 }, (_, part) => value[Math.round((part / 50) * (value.length - 1))] as number)
  return typeof value === 'number' && !Number.isInteger(value)
    ? Number.isFinite(value)
      ? Number(value.toPrecision(6))
      : String(value)
    : value
}

function choices(): Choices {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '3' },
      only: { type: 'string' },
      parts: { type: 'string', default: parts.join() },
      users: { type: 'string', default: '957' },
      'hold-ms': { type: 'string', default: '8' },
      'limit-s': { type: 'string', default: '60' },
      out: { type: 'string', default: fileURLToPath(new URL('./results/locks.json', import.meta.url)) },
    },
  })
  const names = Object.keys(contenders) as ContenderName[]
  return {
    rounds: count('rounds', values.rounds),
    names: values.only === undefined ? names : chosen('lock', values.only, names),
    parts: chosen('part', values.parts, parts),
    users: count('users', values.users),
    holdMs: count('hold-ms', values['hold-ms']),
    limitMs: count('limit-s', values['limit-s']) * 1000,
    out: values.out,
  }
}

function count(flag: string, text: string): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 1)
    throw new UsageError(`--${flag} must be a whole number above 0, not "${text}"`)
  return number
}

function chosen<Name extends string>(what: string, text: string, names: readonly Name[]): Name[] {
  return text.split(',').map((name) => {
    const found = names.find((each) => each === name)
    if (found === undefined) throw new UsageError(`there is no ${what} "${name}": ${suggest(name, [...names])}`)
    return found
  })
}
