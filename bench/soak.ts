/**
 * The reference lock for a long time under random kills, pauses and partitions, of nodes and of its own processes. What must come out:
 * nothing leaked, no listener too many, every call settled. See bench/README.md.
 *
 *   node bench/soak.ts [--minutes 10] [--topology single,sentinel,redlock] [--seed 1] [--out file]
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Children } from '../src/lib/children.ts'
import { random } from '../src/lib/random.ts'
import { openLinks } from '../src/links/index.ts'
import { scenario, topologyKinds } from '../src/plan/scenario.ts'
import { runtimes } from '../src/runtimes/index.ts'
import { topologies } from '../src/topologies/index.ts'
import type { Cluster } from '../src/topologies/topology.ts'
import type { Links } from '../src/links/links.ts'
import type { TopologyKind } from '../src/locks/lock.ts'
import type { Belief, FromClient, Sample } from './soak/messages.ts'

const servers = ['server-1', 'server-2']
/** The longest that a key of the lock's lives on, a waiting line, and a little; after it nothing may be left but its fence. */
const longestMs = 5_500
const bookkeeping = new Set(['picklock:fence'])

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    topology: { type: 'string', default: topologyKinds.join(',') },
    seed: { type: 'string', default: '1' },
    out: { type: 'string', default: 'bench/results/soak.json' },
  },
})
const results = []
for (const kind of topologyKinds.filter((kind) => values.topology.split(',').includes(kind))) {
  const result = await soak(kind, Number(values.minutes) * 60_000, Number(values.seed))
  results.push(result)
  console.table([{ ...result, growth: undefined, unhandled: result.unhandled.length }])
}
mkdirSync(dirname(values.out), { recursive: true })
writeFileSync(values.out, `${JSON.stringify({ at: new Date().toISOString(), ...values, results }, null, 2)}\n`)

async function soak(kind: TopologyKind, forMs: number, seed: number) {
  await using children = await Children.open()
  await using runtime = await runtimes.process.open({ children, logs: children.folder })
  await using links = openLinks(runtime)
  const { signal } = new AbortController()
  const options = scenario.shape.topology.parse(kind)
  await using cluster = await topologies[kind].start({ runtime, links, options, servers, signal })

  const shops = servers.map((server) => openShop(server, cluster, seed))
  const over = new AbortController()
  const faults = storm(cluster, links, shops, random(seed, kind), over.signal)
  const started = performance.now()
  while (performance.now() - started < forMs) {
    await sleep(Math.min(10_000, forMs))
    const [a, b] = shops.map(({ last }) => last())
    console.error(
      `${kind} ${Math.round((performance.now() - started) / 1000)} s: grants ${a?.grants} + ${b?.grants}, unsettled ${a?.unsettled} + ${b?.unsettled}, ` +
        `listeners ${a?.listeners} + ${b?.listeners}, timers ${a?.timers} + ${b?.timers}, heap ${a?.heapMb.toFixed(0)} + ${b?.heapMb.toFixed(0)} MB`,
    )
  }
  over.abort()
  const injected = await faults
  await Promise.all(shops.map((shop) => shop.stop()))
  await sleep(longestMs)

  const left = await Promise.all(cluster.redis.map(({ name }) => whatIsLeft(cluster, name)))
  const samples = shops.map((shop) => shop.samples)
  const last = samples.map((of) => of.at(-1)!)
  const sum = (name: 'calls' | 'grants' | 'contended' | 'definite' | 'indefinite' | 'lost' | 'unsettled') =>
    last.reduce((total, sample) => total + sample[name], 0)
  return {
    topology: kind,
    minutes: forMs / 60_000,
    faults: injected,
    calls: sum('calls'),
    grants: sum('grants'),
    contended: sum('contended'),
    definite: sum('definite'),
    indefinite: sum('indefinite'),
    lost: sum('lost'),
    unsettled: sum('unsettled'),
    overlaps: overlaps(shops.flatMap((shop) => shop.beliefs)),
    leakedKeys: left.flatMap(({ keys }) => keys).join(' '),
    channels: left.flatMap(({ channels }) => channels).join(' '),
    connections: left.flatMap(({ connections }) => connections),
    unhandled: last.flatMap(({ unhandled }) => unhandled),
    /** Medians of the first and of the last quarter. */
    growth: Object.fromEntries(
      (['listeners', 'clients', 'timers', 'heapMb'] as const).map((name) => [
        name,
        samples.map((of) => [quarter(of, name, 0), quarter(of, name, 3)]),
      ]),
    ),
  }
}

function quarter(
  samples: readonly Sample[],
  name: 'listeners' | 'clients' | 'timers' | 'heapMb',
  which: number,
): number {
  const size = Math.max(1, Math.floor(samples.length / 4))
  // The very last is of a shop that closes.
  const part = samples.slice(0, -1).slice(which * size, (which + 1) * size)
  return part.map((sample) => sample[name]).toSorted((a, b) => a - b)[Math.floor(part.length / 2)] ?? 0
}

function openShop(server: string, cluster: Cluster, seed: number) {
  const child = fork(fileURLToPath(new URL('./soak/client.ts', import.meta.url)), { stdio: ['ignore', 2, 2, 'ipc'] })
  const beliefs: Belief[] = []
  const samples: Sample[] = []
  const stopped = new Promise<void>((resolve, reject) => {
    child.on('message', (message: FromClient) => {
      if (message.kind === 'sample') samples.push(message)
      else if (message.kind === 'beliefs') beliefs.push(...message.beliefs)
      else resolve()
    })
    child.once('exit', (code) => reject(new Error(`${server} ended by itself (${code})`)))
  })
  stopped.catch(() => {})
  child.send({ kind: 'start', topology: cluster.kind, endpoints: cluster.endpoints(server), server, seed })
  return {
    beliefs,
    samples,
    last: () => samples.at(-1),
    signal: (signal: NodeJS.Signals) => void child.kill(signal),
    async stop() {
      child.send({ kind: 'stop' })
      await stopped
      const gone = once(child, 'exit')
      child.disconnect()
      await gone
    },
  }
}

/** One fault after another, some while another is on, each healed by itself. Resolves to how many of each there were. */
async function storm(
  cluster: Cluster,
  links: Links,
  shops: { signal(signal: NodeJS.Signals): void }[],
  draw: () => number,
  signal: AbortSignal,
): Promise<Record<string, number>> {
  const pick = <T>(from: readonly T[]) => from[Math.floor(draw() * from.length)]!
  const nodes = [...cluster.redis, ...cluster.sentinels]
  const busy = new Set<string>()
  const count: Record<string, number> = {}
  const wait = (ms: number) => sleep(ms, undefined, { signal }).catch(() => {})
  const faults = {
    async kill(forMs: number) {
      const node = pick(nodes)
      if (busy.has(node.name)) return
      busy.add(node.name)
      await node.kill()
      await wait(forMs)
      await node.restart({ keepData: true })
      busy.delete(node.name)
    },
    async pause(forMs: number) {
      const node = pick(nodes)
      if (busy.has(node.name)) return
      busy.add(node.name)
      await node.pause()
      await wait(forMs)
      await node.resume()
      busy.delete(node.name)
    },
    async partition(forMs: number) {
      await using _cut = await pick(links.all()).cut()
      await wait(forMs)
    },
    async stop(forMs: number) {
      const shop = pick(shops)
      shop.signal('SIGSTOP')
      await wait(Math.min(forMs, 1_500))
      shop.signal('SIGCONT')
    },
  }
  const running = new Set<Promise<void>>()
  while (!signal.aborted) {
    const name = pick(Object.keys(faults)) as keyof typeof faults
    count[name] = (count[name] ?? 0) + 1
    const fault = faults[name](200 + draw() * 3_800).finally(() => running.delete(fault))
    running.add(fault)
    await wait(500 + draw() * 4_000)
  }
  await Promise.all(running)
  return count
}

/** Pairs of beliefs in one key that were on at the same time. */
function overlaps(beliefs: Belief[]): number {
  let count = 0
  const until = new Map<string, number>()
  for (const [key, fromNs, toNs] of beliefs.toSorted((a, b) => a[1] - b[1])) {
    const before = until.get(key) ?? 0
    if (fromNs < before) count++
    until.set(key, Math.max(before, toNs))
  }
  return count
}

async function whatIsLeft(cluster: Cluster, node: string) {
  const redis = cluster.admin(node)
  const keys = (await redis.keys('*')).filter((key) => !bookkeeping.has(key))
  const channels = ((await redis.pubsub('CHANNELS', 'picklock:*')) as string[]).map(String)
  const clients = String(await redis.client('LIST'))
  // Sentinels subscribe as well; they give their names.
  const connections = clients
    .split('\n')
    .filter((line) => /cmd=(evalsha|eval|subscribe)\b/.test(line) && !line.includes(' name=sentinel-'))
  return { keys, channels, connections }
}
