/**
 * What an order server's door costs: k6's requests per second against our order server (workload mutex, work without duration, a key for
 * each request), with the lock and without, against those of the same k6 against an empty Node HTTP server.
 *
 *     node bench/door.ts [rounds] [users] [seconds]
 *
 * Each side is a process that stays warm; they take turns. The figure is the ratio of the medians, so that a busy machine slows all alike.
 */
import { fork, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Children } from '../src/lib/children.ts'
import { monotonicNs } from '../src/lib/clock.ts'
import { findTool } from '../src/lib/tools.ts'
import { k6Env } from '../src/load/k6/command.ts'
import { runtimes } from '../src/runtimes/index.ts'
import { openServer } from '../src/server/server.ts'
import { planOf } from '../test/support/shop.ts'

const targets = { lock: 0.6, none: 0.8 }
const keys = 1_000_000_000

interface Setting {
  side: 'empty' | 'none' | 'lock'
  host: string
  port: number
  password: string
  folder: string
}

async function compare(rounds: number, users: number, seconds: number): Promise<void> {
  await using children = await Children.open()
  await using runtime = await runtimes.process.open({ children, logs: children.folder })
  const node = await runtime.startNode({ name: 'redis-1', kind: 'redis', port: await runtime.port(), config: [] })
  const rates: Record<Setting['side'], number[]> = { empty: [], none: [], lock: [] }
  const sides = Object.keys(rates) as Setting['side'][]
  const doors = new Map<Setting['side'], { child: ChildProcess; address: string }>()
  for (const side of sides) {
    const { host, port } = node
    const setting: Setting = { side, host, port, password: runtime.password, folder: children.folder }
    const child = fork(import.meta.filename, [JSON.stringify(setting)])
    const [address] = (await once(child, 'message')) as [string]
    doors.set(side, { child, address })
  }
  // The first round warms all of them up.
  for (let round = 0; round <= rounds; round++) {
    for (const side of sides) {
      const rate = await measured(doors.get(side)!.address, { users, seconds, folder: children.folder, round })
      if (round > 0) rates[side].push(rate)
    }
    if (round > 0)
      console.log(`${round}: ${sides.map((side) => `${side} ${perSecond(rates[side].at(-1)!)}`).join(', ')}`)
  }
  for (const { child } of doors.values()) child.disconnect()
  for (const side of ['none', 'lock'] as const) {
    const ratio = median(rates[side]) / median(rates.empty)
    const pairs = rates[side].map((rate, i) => rate / rates.empty[i]!)
    console.log(
      `${users} users, ${side === 'lock' ? 'with the lock' : 'without a lock'}: ${ratio.toFixed(3)} of an empty server, ` +
        `pairs ${Math.min(...pairs).toFixed(3)} to ${Math.max(...pairs).toFixed(3)} (target ${targets[side]})`,
    )
    if (ratio < targets[side]) process.exitCode = 1
  }
}

/** Requests per second, by k6's own summary. */
async function measured(
  address: string,
  { users, seconds, folder, round }: { users: number; seconds: number; folder: string; round: number },
): Promise<number> {
  const summary = join(folder, 'summary.json')
  const script = join(import.meta.dirname, '../k6/mutex.js')
  const env = [`DOORS=${address}`, `KEYS=${keys}`, `SEED=${round}`].flatMap((pair) => ['-e', pair])
  const args = ['run', '--quiet', '--no-usage-report', '--vus', String(users), '--duration', `${seconds}s`]
  const k6 = spawn(findTool('k6'), [...args, '--summary-export', summary, ...env, script], {
    stdio: 'ignore',
    env: { ...process.env, ...k6Env() },
  })
  const [code] = (await once(k6, 'exit')) as [number | null]
  if (code !== 0) throw new Error(`k6 ended with ${code}`)
  const { metrics } = JSON.parse(readFileSync(summary, 'utf8')) as {
    metrics: Record<'http_reqs' | 'http_req_failed', { rate: number; value: number }>
  }
  if (metrics.http_req_failed.value > 0) throw new Error(`${metrics.http_req_failed.value} of the requests failed`)
  return metrics.http_reqs.rate
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
        lock: 'set-nx',
        workload: { kind: 'mutex', keys, workMs: { min: 0, max: 0 }, guard: side },
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
const perSecond = (rate: number) => `${Math.round(rate).toLocaleString('en')}/s`

if (process.send) await serve(JSON.parse(process.argv[2]!) as Setting)
else {
  const [rounds = 5, users = 32, seconds = 4] = process.argv.slice(2).map(Number)
  await compare(rounds, users, seconds)
}
