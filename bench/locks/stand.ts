import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { Children } from '../../src/lib/children.ts'
import { openLinks } from '../../src/links/index.ts'
import type { Endpoints } from '../../src/locks/lock.ts'
import { runtimes } from '../../src/runtimes/index.ts'
import type { NodeHandle } from '../../src/runtimes/runtime.ts'
import type { ContenderName } from './index.ts'
import { openWorker, type Worker } from './workers.ts'

/** Nodes without persistence and events: what is measured is the lock, not what a drill asks of its nodes. */
const config = ['appendonly no', "notify-keyspace-events ''"]

export interface Stand extends AsyncDisposable {
  /** The bench's own connection to each node. */
  admins: Redis[]
  direct: Endpoints
  version: string
  /** A lock in `count` server processes; `endpoints` tells how each of them gets to the nodes. */
  workers(
    contender: ContenderName,
    count: number,
    endpoints?: (index: number) => Endpoints,
  ): Promise<Worker[] & AsyncDisposable>
  /** Links through Toxiproxy on which `client` reaches `node` with a round trip of `latencyMs(client, node)`. */
  distant(clients: number, latencyMs: (client: number, node: number) => number): Promise<(client: number) => Endpoints>
  /** A file with eight bytes of zero. */
  counterFile(): Promise<string>
  /** Empties the nodes, their scripts too. */
  flush(): Promise<void>
}

export async function openStand(count: number): Promise<Stand> {
  await using stack = new AsyncDisposableStack()
  const children = stack.use(await Children.open())
  const runtime = stack.use(await runtimes.process.open({ children, logs: children.folder }))
  const { password } = runtime
  const nodes: NodeHandle[] = []
  for (let number = 1; number <= count; number++)
    nodes.push(await runtime.startNode({ name: `redis-${number}`, kind: 'redis', port: await runtime.port(), config }))
  const admins = nodes.map(({ host, port }) =>
    stack.adopt(new Redis({ host, port, password }), (redis) => redis.disconnect()),
  )
  const direct = { password, redis: nodes.map(({ host, port }) => ({ host, port })) }
  const versions = await runtime.versions()
  let counters = 0
  const running = stack.move()

  return {
    admins,
    direct,
    version: versions['redis'] ?? 'unknown',
    async workers(contender, count, endpoints = () => direct) {
      await using starting = new AsyncDisposableStack()
      const workers = Array.from({ length: count }, (_, index) =>
        starting.use(openWorker(children, `server-${index + 1}`)),
      )
      const topology = nodes.length === 1 ? 'single' : 'redlock'
      await Promise.all(
        workers.map(({ name, ask }, index) =>
          ask('open', { contender, topology, server: name, endpoints: endpoints(index) }),
        ),
      )
      const open = starting.move()
      return Object.assign(workers, { [Symbol.asyncDispose]: () => open.disposeAsync() })
    },
    async distant(clients, latencyMs) {
      const links = running.use(openLinks(runtime))
      const names = (client: number) =>
        nodes.map((node) => ({ from: `server-${client + 1}`, to: node.name, upstream: node }))
      await links.open(Array.from({ length: clients }, (_, client) => names(client)).flat())
      for (let client = 0; client < clients; client++)
        for (const [index, { from, to }] of names(client).entries())
          for (const stream of ['upstream', 'downstream'] as const)
            await links
              .get(`${from}→${to}`)
              .addToxic({ type: 'latency', stream, attributes: { latency: latencyMs(client, index) / 2 } })
      return (client) => ({
        password,
        redis: names(client).map(({ from, to }) => {
          const { host, port } = links.get(`${from}→${to}`)
          return { host, port }
        }),
      })
    },
    async counterFile() {
      const file = join(children.folder, `counter-${++counters}`)
      await writeFile(file, Buffer.alloc(8))
      return file
    },
    async flush() {
      for (const admin of admins) {
        await admin.flushall()
        await admin.script('FLUSH')
      }
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}
