import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { readHistory } from '../../src/history/reader.ts'
import type { Event } from '../../src/history/event.ts'
import { openLedger } from '../../src/ledger/postgres.ts'
import type { Damage, Ledger } from '../../src/ledger/ledger.ts'
import { Children } from '../../src/lib/children.ts'
import { monotonicNs } from '../../src/lib/clock.ts'
import type { Endpoints } from '../../src/locks/lock.ts'
import { scenario, type Plan, type Scenario } from '../../src/plan/scenario.ts'
import { runtimes } from '../../src/runtimes/index.ts'
import type { NodeHandle } from '../../src/runtimes/runtime.ts'
import { Fleet } from '../../src/server/fleet.ts'

const cacheFolder = new URL('../../.cache', import.meta.url).pathname

/** One Redis, no proxies, order servers, and where it is asked for a ledger: what a drill has, but faults. */
export interface TestShop extends AsyncDisposable {
  fleet: Fleet
  redis: NodeHandle
  endpoints: Endpoints
  ledger: Ledger | undefined
  schema: string
  folder: string
  plan: Plan
  post(server: number, path: string, body: unknown): Promise<{ status: number; body: Record<string, unknown> }>
  /** The merged history as it is on disk now. */
  history(): Promise<Event[]>
  damage(): Promise<Damage>
}

export interface ShopOptions {
  servers?: number
  /** What the user would write behind `--lock`. */
  lock: string
  lockOptions?: Record<string, unknown>
  ttlMs?: number
  waitMs?: number
  workload: Scenario['workload']
  /** As in a scenario file. */
  load?: object
  seed?: number
  driver?: Plan['driver']
}

export function planOf(options: ShopOptions): Plan {
  const {
    lock,
    faults: _,
    ...whole
  } = scenario.parse({
    name: 'test',
    title: 'a test',
    topology: 'single',
    servers: options.servers ?? 1,
    lock: { ttlMs: options.ttlMs ?? 2700, waitMs: options.waitMs ?? 5000, options: options.lockOptions ?? {} },
    workload: options.workload,
    load: options.load ?? { executor: 'shared-iterations', vus: 1, iterations: 1 },
    control: 'naive',
  })
  return {
    ...whole,
    asked: { scenario: 'oversell', set: [], lockOptions: {} },
    runtime: 'process',
    driver: options.driver ?? { name: 'builtin' },
    seed: options.seed ?? 1,
    lock: { ...lock, spec: options.lock, name: options.lock },
    faults: [],
  }
}

export async function openShop(options: ShopOptions): Promise<TestShop> {
  await using stack = new AsyncDisposableStack()
  const children = stack.use(await Children.open())
  const plan = planOf(options)
  const folder = join(children.folder, 'shop')
  const history = join(folder, 'history')
  await mkdir(history, { recursive: true })
  const names = Array.from({ length: plan.servers }, (_, index) => `server-${index + 1}`)
  const runtime = stack.use(await runtimes.process.open({ children, logs: folder }))
  const redis = await runtime.startNode({ name: 'redis-1', kind: 'redis', port: await runtime.port(), config: [] })
  const ledger = plan.workload.kind === 'mutex' ? undefined : stack.use(await openLedger({ cacheFolder, log() {} }))
  const schema = 'drill_1'
  await ledger?.prepare({ products: 10, stock: 100, ...plan.workload, schema })
  const endpoints = { password: runtime.password, redis: [{ host: redis.host, port: redis.port }] }
  const fleet = stack.use(Fleet.boot(children, names, folder))
  const startNs = monotonicNs()
  await fleet.configure((server) => ({
    plan,
    endpoints,
    ...(ledger && { ledger: { url: ledger.url, schema } }),
    historyFile: join(history, `${server}.ndjson`),
    startNs: String(startNs),
    cwd: process.cwd(),
  }))
  const running = stack.move()
  return {
    fleet,
    redis,
    endpoints,
    ledger,
    schema,
    folder,
    plan,
    async post(server, path, body) {
      const response = await fetch(`${fleet.servers[server]!.door}${path}`, {
        method: 'POST',
        body: typeof body === 'string' ? body : JSON.stringify(body),
      })
      return { status: response.status, body: (await response.json()) as Record<string, unknown> }
    },
    history: async () => [...(await readHistory(history)).events],
    damage: () => ledger!.damage(schema),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}
