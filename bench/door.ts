/**
 * What an order server's door costs: k6's requests per second against our order server (workload mutex, work without duration, a key for
 * each request), without a lock and with one, against those of the same k6 against an empty Node HTTP server.
 *
 *     node bench/door.ts [rounds] [users] [seconds]
 *
 * Each side is a process that stays warm: a round counts once every side has answered `warmRequests`. They take turns, another one first
 * each time. The figure is the ratio of the medians, so that a busy machine slows all alike.
 *
 * What is in it: k6 and redis-server share the cores with the server. Where those are busy, as two always are, the rate is one over the CPU
 * time that a request takes of all three, and k6 takes most of that, the same on every side. With a lock that is two commands to Redis more
 * for each request, without a Toxiproxy in between. So the CPU times stand beside, and their ratio, which a busy machine changes less
 * than it does the rates: `server` is what is ours, with the lock's and ioredis' code.
 */
import { fork, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Children, cpuTimeMs } from '../src/lib/children.ts'
import { monotonicNs } from '../src/lib/clock.ts'
import { findTool } from '../src/lib/tools.ts'
import { k6Env } from '../src/load/k6/command.ts'
import { runtimes } from '../src/runtimes/index.ts'
import { openServer } from '../src/server/server.ts'
import { planOf } from '../test/support/shop.ts'

const targets = { none: 0.8, 'set-nx': 0.6, reference: 0.6 }
const keys = 1_000_000_000
const warmRequests = 20_000

const sides = ['empty', 'none', 'set-nx', 'reference'] as const
type Side = (typeof sides)[number]

interface Setting {
  side: Side
  host: string
  port: number
  password: string
  folder: string
}

interface Round {
  perSecond: number
  requests: number
  /** µs of CPU time for each request. */
  cpuUs: { server: number; redis: number; k6: number }
}

async function compare(rounds: number, users: number, seconds: number): Promise<void> {
  await using children = await Children.open()
  await using runtime = await runtimes.process.open({ children, logs: children.folder })
  const node = await runtime.startNode({ name: 'redis-1', kind: 'redis', port: await runtime.port(), config: [] })
  const doors = {} as Record<Side, { child: ChildProcess; address: string }>
  for (const side of sides) {
    const { host, port } = node
    const setting: Setting = { side, host, port, password: runtime.password, folder: children.folder }
    const child = fork(import.meta.filename, [JSON.stringify(setting)])
    const [address] = (await once(child, 'message')) as [string]
    doors[side] = { child, address }
  }
  let seed = 0
  const turn = async (side: Side): Promise<Round> => {
    const { child, address } = doors[side]
    const cpuMs = () => ({ server: cpuTimeMs(child.pid!) ?? 0, redis: cpuTimeMs(node.pid!) ?? 0, k6: goneCpuMs() })
    const before = cpuMs()
    const { rate, count } = await measured(address, { users, seconds, folder: children.folder, seed: ++seed })
    const after = cpuMs()
    const each = (which: keyof Round['cpuUs']) => ((after[which] - before[which]) * 1000) / count
    return { perSecond: rate, requests: count, cpuUs: { server: each('server'), redis: each('redis'), k6: each('k6') } }
  }

  for (const side of sides) for (let served = 0; served < warmRequests;) served += (await turn(side)).requests
  const measuredRounds: Record<Side, Round[]> = { empty: [], none: [], 'set-nx': [], reference: [] }
  for (let round = 0; round < rounds; round++) {
    for (const side of [...sides.slice(round % sides.length), ...sides.slice(0, round % sides.length)])
      measuredRounds[side].push(await turn(side))
    console.log(`${round + 1}: ${sides.map((side) => `${side} ${rateOf(measuredRounds[side].at(-1)!)}`).join(', ')}`)
  }
  for (const { child } of Object.values(doors)) child.disconnect()

  const { empty } = measuredRounds
  for (const side of sides) {
    const own = measuredRounds[side]
    const { server, redis, k6 } = cpuUsOf(own)
    console.log(`${side}: CPU time a request: server ${server} µs, redis ${redis} µs, k6 ${k6} µs`)
    if (side === 'empty') continue
    const ratio = median(own.map(({ perSecond }) => perSecond)) / median(empty.map(({ perSecond }) => perSecond))
    const pairs = own.map(({ perSecond }, i) => perSecond / empty[i]!.perSecond)
    console.log(
      `${users} users, ${side === 'none' ? 'without a lock' : `with ${side}`}: ${ratio.toFixed(3)} of an empty server's requests/s, ` +
        `pairs ${Math.min(...pairs).toFixed(3)} to ${Math.max(...pairs).toFixed(3)} (target ${targets[side]}); ` +
        `by CPU time ${(sum(cpuUsOf(empty)) / sum(cpuUsOf(own))).toFixed(3)}`,
    )
    if (ratio < targets[side]) process.exitCode = 1
  }
}

/** Medians. */
const cpuUsOf = (rounds: readonly Round[]): Round['cpuUs'] => {
  const of = (which: keyof Round['cpuUs']) => Math.round(median(rounds.map(({ cpuUs }) => cpuUs[which])))
  return { server: of('server'), redis: of('redis'), k6: of('k6') }
}

/** CPU time of all processes that this one has started and that are gone: here k6 only, as long as a bench runs. 0 where there is no /proc. */
function goneCpuMs(): number {
  if (process.platform !== 'linux') return 0
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1)!.split(' ')
  // cutime and cstime, in hundredths of a second: proc_pid_stat(5).
  return (Number(fields[13]) + Number(fields[14])) * 10
}

/** Requests per second, by k6's own summary. */
async function measured(
  address: string,
  { users, seconds, folder, seed }: { users: number; seconds: number; folder: string; seed: number },
): Promise<{ rate: number; count: number }> {
  const summary = join(folder, 'summary.json')
  const script = join(import.meta.dirname, '../k6/mutex.js')
  const env = [`DOORS=${address}`, `KEYS=${keys}`, `SEED=${seed}`].flatMap((pair) => ['-e', pair])
  const args = ['run', '--quiet', '--no-usage-report', '--vus', String(users), '--duration', `${seconds}s`]
  const k6 = spawn(findTool('k6'), [...args, '--summary-export', summary, ...env, script], {
    stdio: 'ignore',
    env: { ...process.env, ...k6Env() },
  })
  const [code] = (await once(k6, 'exit')) as [number | null]
  if (code !== 0) throw new Error(`k6 ended with ${code}`)
  const { metrics } = JSON.parse(readFileSync(summary, 'utf8')) as {
    metrics: Record<'http_reqs' | 'http_req_failed', { rate: number; count: number; value: number }>
  }
  if (metrics.http_req_failed.value > 0) throw new Error(`${metrics.http_req_failed.value} of the requests failed`)
  return metrics.http_reqs
}

/** A side's process. */
async function serve(setting: Setting): Promise<void> {
  process.on('disconnect', () => process.exit())
  process.send!(setting.side === 'empty' ? await empty() : await ours(setting))
}

async function empty(): Promise<string> {
  const server = createServer((_, response) => response.writeHead(201, { 'content-length': 0 }).end())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function ours({ side, host, port, password, folder }: Setting): Promise<string> {
  const opened = await openServer(
    {
      server: 'server-1',
      index: 0,
      count: 1,
      plan: planOf({
        lock: side === 'reference' ? 'reference' : 'set-nx',
        workload: { kind: 'mutex', keys, workMs: { min: 0, max: 0 }, guard: side === 'none' ? 'none' : 'lock' },
        driver: { name: 'k6', instances: 1 },
      }),
      endpoints: { password, redis: [{ host, port }] },
      historyFile: join(folder, `${side}.ndjson`),
      opBase: 0,
      doorPort: 0,
      startNs: String(monotonicNs()),
      cwd: process.cwd(),
    },
    () => {},
  )
  return opened.door
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
const sum = ({ server, redis, k6 }: Round['cpuUs']) => server + redis + k6
const rateOf = ({ perSecond }: Round) => `${Math.round(perSecond).toLocaleString('en')}/s`

if (process.send) await serve(JSON.parse(process.argv[2]!) as Setting)
else {
  const [rounds = 5, users = 32, seconds = 4] = process.argv.slice(2).map(Number)
  await compare(rounds, users, seconds)
}
