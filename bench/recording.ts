/**
 * What the harness costs: uncontended lock cycles per second in one server, through the whole path of a request (load, lock, work without
 * duration, history), against a bare ioredis loop that sends the same commands at the same concurrency.
 *
 *     node bench/recording.ts [rounds] [concurrency]
 *
 * Each side is a process that stays warm; they take turns against one Redis in short slices. The figure is the ratio of the medians,
 * so that a busy machine slows both alike. In a third slice the controller's curves are drawn beside the server's work (what the node uses and does, four
 * times a second): their ratio to a server that nobody asks should be 1.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { Children } from '../src/lib/children.ts'
import { monotonicNs } from '../src/lib/clock.ts'
import { recordNodeCurves } from '../src/history/node-curves.ts'
import { luaScript } from '../src/locks/lua.ts'
import { runtimes } from '../src/runtimes/index.ts'
import type { ServerConfiguration } from '../src/server/messages.ts'
import { openServer } from '../src/server/server.ts'
import { planOf } from '../test/support/shop.ts'

const target = 0.85
const warmUpRounds = 3
const cyclesPerSlice = 20_000
const ttlMs = 2700

interface Setting {
  side: 'server' | 'bare'
  vus: number
  host: string
  port: number
  password: string
  folder: string
}

/** Runs a slice and resolves to cycles per second. */
type Slice = () => Promise<number>

async function compare(rounds: number, vus: number): Promise<void> {
  await using children = await Children.open()
  await using runtime = await runtimes.process.open({ children, logs: children.folder })
  const node = await runtime.startNode({ name: 'redis-1', kind: 'redis', port: await runtime.port(), config: [] })
  const start = async (side: Setting['side']) => {
    const { host, port } = node
    const setting: Setting = { side, vus, host, port, password: runtime.password, folder: children.folder }
    const child = fork(import.meta.filename, [JSON.stringify(setting)])
    await once(child, 'message')
    return child
  }
  const sides = { server: await start('server'), bare: await start('bare') }
  const admin = new Redis({ host: node.host, port: node.port, password: runtime.password })
  const alone = () => slice(sides.server)
  const drawn = async () => {
    using _ = recordNodeCurves({ nodes: [node.name], admin: () => admin, sent: () => 0, record() {} })
    return await slice(sides.server)
  }
  const rates = { server: [] as number[], bare: [] as number[], drawn: [] as number[] }
  for (let round = 1 - warmUpRounds; round <= rounds; round++) {
    const bare = await slice(sides.bare)
    const measured = new Map<typeof alone, number>()
    // Which of the two is first changes: a machine may grow busier.
    for (const run of round % 2 === 0 ? [alone, drawn] : [drawn, alone]) measured.set(run, await run())
    const [server, beside] = [measured.get(alone)!, measured.get(drawn)!]
    if (round < 1) continue
    rates.bare.push(bare)
    rates.server.push(server)
    rates.drawn.push(beside)
    console.log(`${round}: server ${perSecond(server)}, bare ${perSecond(bare)}, ratio ${(server / bare).toFixed(3)}`)
  }
  for (const child of Object.values(sides)) child.disconnect()
  admin.disconnect()
  const ratio = median(rates.server) / median(rates.bare)
  console.log(
    `${vus} at once, medians: server ${perSecond(median(rates.server))}, bare ${perSecond(median(rates.bare))}, ` +
      `ratio ${ratio.toFixed(3)}, of pairs ${median(rates.server.map((rate, i) => rate / rates.bare[i]!)).toFixed(3)} (target ${target})`,
  )
  const besides = rates.drawn.map((rate, i) => rate / rates.server[i]!)
  console.log(`with the curves beside it: ${median(besides).toFixed(3)} of that, the median of pairs`)
  process.exitCode = ratio >= target ? 0 : 1
}

async function slice(child: ChildProcess): Promise<number> {
  child.send('slice')
  const [rate] = (await once(child, 'message')) as [number]
  return rate
}

/** A side's process: one slice for each message. */
async function serve(setting: Setting): Promise<void> {
  const run = await (setting.side === 'server' ? server(setting) : bare(setting))
  process.on('message', () => void run().then((rate) => process.send!(rate)))
  process.on('disconnect', () => process.exit())
  process.send!('ready')
}

async function server({ vus, host, port, password, folder }: Setting): Promise<Slice> {
  const configuration: ServerConfiguration = {
    server: 'server-1',
    index: 0,
    count: 1,
    plan: planOf({
      lock: 'set-nx',
      ttlMs,
      workload: { kind: 'mutex', keys: 1_000_000_000, workMs: { min: 0, max: 0 } },
      load: { executor: 'shared-iterations', vus, iterations: cyclesPerSlice },
    }),
    endpoints: { password, redis: [{ host, port }] },
    historyFile: join(folder, 'server-1.ndjson'),
    opBase: 0,
    doorPort: 0,
    startNs: String(monotonicNs()),
    cwd: process.cwd(),
  }
  // What it would tell its controller is put together as often, and not sent: the channel is ours here.
  const opened = await openServer(configuration, () => {})
  return () => timed(() => opened.load({ 'server-1': opened.door }))
}

/** The same commands with nothing around them. */
async function bare({ vus, host, port, password }: Setting): Promise<Slice> {
  const redis = new Redis({ host, port, password })
  await once(redis, 'ready')
  const release = luaScript(new URL('../src/locks/set-nx.ts', import.meta.url).href, 'release.lua')
  return () => {
    let begun = 0
    const user = async () => {
      while (begun < cyclesPerSlice) {
        const key = `mutex:${begun++}`
        const token = crypto.randomUUID()
        await redis.set(key, token, 'PX', ttlMs, 'NX')
        await release(redis, [key], token)
      }
    }
    return timed(() => Promise.all(Array.from({ length: vus }, user)))
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return cyclesPerSlice / ((performance.now() - startedAt) / 1000)
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
const perSecond = (rate: number) => `${Math.round(rate).toLocaleString('en')} cycles/s`

if (process.send) await serve(JSON.parse(process.argv[2]!) as Setting)
else await compare(Number(process.argv[2] ?? 15), Number(process.argv[3] ?? 32))
