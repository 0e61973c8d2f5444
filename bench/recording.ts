/**
 * What the harness costs: uncontended lock cycles per second in one server process, through the whole path of a request (load, lock,
 * work without duration, history), against a bare ioredis loop that sends the same commands at the same concurrency.
 *
 * Rounds are interleaved, and the figure is a ratio of medians within one run, so that a busy machine slows both. Each side runs in a
 * process of its own. `node bench/recording.ts [rounds] [cycles]`
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { Redis } from 'ioredis'
import { luaScript } from '../src/locks/lua.ts'
import { openShop } from '../test/support/shop.ts'

const target = 0.85
const vus = 32

interface Bare {
  host: string
  port: number
  password: string
  cycles: number
}

async function compare(rounds: number, cycles: number): Promise<void> {
  const harness: number[] = []
  const loop: number[] = []
  for (let round = 0; round < rounds; round++) {
    const one = await throughServer(cycles)
    harness.push(one.harness)
    loop.push(one.bare)
    console.log(
      `round ${round + 1}: server ${perSecond(one.harness)}, bare ioredis ${perSecond(one.bare)}, ratio ${(one.harness / one.bare).toFixed(3)}`,
    )
  }
  const ratio = median(harness) / median(loop)
  console.log(
    `medians: server ${perSecond(median(harness))}, bare ${perSecond(median(loop))}, ratio ${ratio.toFixed(3)} (target ${target})`,
  )
  process.exitCode = ratio >= target ? 0 : 1
}

/** Cycles per second of both sides against one Redis. */
async function throughServer(cycles: number): Promise<{ harness: number; bare: number }> {
  await using shop = await openShop({
    lock: 'set-nx',
    workload: { kind: 'mutex', keys: 1_000_000_000, workMs: { min: 0, max: 0 } },
    load: { executor: 'shared-iterations', vus, iterations: cycles },
  })
  const [node] = shop.endpoints.redis
  const argument: Bare = { ...node!, password: shop.endpoints.password, cycles }
  const child = fork(import.meta.filename, [JSON.stringify(argument)])
  const [measured] = (await once(child, 'message')) as [number]
  await once(child, 'exit')
  await shop.fleet.load()
  await shop.fleet.close()
  const events = await shop.history()
  const requests = events.filter((event) => event.f === 'request')
  const first = events.find((event) => event.f === 'acquire')!
  return { harness: requests.length / ((requests.at(-1)!.t - first.t) / 1e9), bare: measured }
}

/** The same commands with nothing around them; started as a child, it reports cycles per second. */
async function bare({ cycles, ...address }: Bare): Promise<void> {
  const redis = new Redis(address)
  await once(redis, 'ready')
  const release = luaScript(new URL('../src/locks/set-nx.ts', import.meta.url).href, 'release.lua')
  let next = 0
  const worker = async () => {
    while (next < cycles) {
      const key = `mutex:${next++}`
      const token = crypto.randomUUID()
      await redis.set(key, token, 'PX', 2700, 'NX')
      await release(redis, [key], token)
    }
  }
  const startedAt = performance.now()
  await Promise.all(Array.from({ length: vus }, worker))
  process.send!(cycles / ((performance.now() - startedAt) / 1000), () => process.exit())
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
const perSecond = (rate: number) => `${Math.round(rate).toLocaleString('en')} cycles/s`

if (process.send) await bare(JSON.parse(process.argv[2]!) as Bare)
else await compare(Number(process.argv[2] ?? 7), Number(process.argv[3] ?? 60_000))
