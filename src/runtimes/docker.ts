import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EnvironmentError } from '../lib/failure.ts'
import { Ports } from '../lib/ports.ts'
import { ContainerNode } from './container-node.ts'
import { DrillContainer } from './drill-container.ts'
import { answered, openEngine, type Engine } from './engine.ts'
import { imageOf } from './images.ts'
import type { RuntimeContext } from './index.ts'
import { lastLines } from './node.ts'
import type { Runtime } from './runtime.ts'
import { untilVersion } from './toxiproxy-version.ts'

const loopback = '127.0.0.1'
const toxiproxyBytes = 256 * 1024 * 1024
/** Below the range of outgoing connections; nobody but the drill is in its network namespace. */
const firstPort = 10_001
const portTries = 5
/** For a link or a node that is asked for once more on another port. */
const sparePorts = 4

/**
 * Nodes as containers. All of a drill share the network namespace of its Toxiproxy, as in a pod, on a private network: so every address is the same for nodes, servers and
 * the harness, and a node that restarts has the address that it had.
 */
export async function openDockerRuntime({
  children,
  logs,
  images,
  ports,
  say,
  lost,
}: RuntimeContext): Promise<Runtime> {
  await using opening = new AsyncDisposableStack()
  const engine = opening.use(await openEngine(children, { say, lost }))
  const chosen = { redis: imageOf('redis', images), toxiproxy: imageOf('toxiproxy', images) }
  const [redisImage] = await Promise.all([
    engine.image('redis', chosen.redis),
    engine.image('toxiproxy', chosen.toxiproxy),
  ])
  const password = randomBytes(16).toString('hex')
  const logFile = join(logs, 'toxiproxy.log')
  const pod = await startPod(engine, { image: chosen.toxiproxy, ports, logFile, name: `picklock-${children.id}` })
  opening.use(pod)
  const running = opening.move()
  const nodes: ContainerNode[] = []

  return {
    kind: 'docker',
    host: pod.host,
    listenHost: '0.0.0.0',
    password,
    folder: children.folder,
    async startNode(spec) {
      const node = new ContainerNode(spec, {
        engine,
        host: pod.host,
        password,
        image: chosen.redis,
        server: redisImage.command[0] ?? 'redis-server',
        network: `container:${pod.container.id}`,
        logFile: join(logs, `${spec.name}.log`),
      })
      nodes.push(node)
      await node.start()
      return node
    },
    async startToxiproxy() {
      let ended = false
      const version = await untilVersion(
        { host: pod.host, port: pod.apiPort },
        () => ended,
        async () => {
          ended = (await pod.container.state()) === 'down'
        },
      )
      if (version !== undefined) return { api: `http://${pod.host}:${pod.apiPort}`, logFile, version }
      const log = lastLines(await readFile(logFile, 'utf8').catch(() => ''))
      throw new EnvironmentError(`toxiproxy (${chosen.toxiproxy}) did not start: ${log || 'its log is empty'}`)
    },
    port: async () => pod.port(),
    async versions() {
      return { redis: await redisVersion(nodes), docker: (await answered(engine.docker.version())).Version }
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

interface Pod extends AsyncDisposable {
  container: DrillContainer
  host: string
  apiPort: number
  port(): number
}

/** Toxiproxy, in whose network namespace all else is. Where containers cannot be reached by their own address, all ports of the drill are published now. */
async function startPod(
  engine: Engine,
  { image, ports, logFile, name }: { image: string; ports: number; logFile: string; name: string },
): Promise<Pod> {
  await answered(engine.docker.createNetwork({ Name: name, Driver: 'bridge', Labels: engine.labels }))
  for (let tries = 1; ; tries++) {
    const claimed = engine.reach === 'published' ? await claim(ports + sparePorts) : undefined
    const numbers = claimed?.numbers ?? Array.from({ length: 10_000 }, (_, index) => firstPort + index)
    const [apiPort = 0, ...rest] = numbers
    const container = await DrillContainer.create(engine, {
      name: 'toxiproxy',
      image,
      command: ['-host', '0.0.0.0', '-port', String(apiPort)],
      env: { LOG_LEVEL: 'info' },
      memoryBytes: toxiproxyBytes,
      network: name,
      ...(claimed && { publish: numbers }),
      logFile,
    })
    try {
      await container.start()
    } catch (error) {
      await claimed?.[Symbol.asyncDispose]()
      await container.remove()
      if (tries < portTries && isTaken(error)) continue
      throw new EnvironmentError(`toxiproxy (${image}) did not start: ${(error as Error).message}`)
    }
    const { NetworkSettings } = await container.inspect()
    const port = () => {
      const next = rest.shift()
      if (next === undefined) throw new Error('the drill has no port left')
      return next
    }
    return {
      container,
      host: claimed ? loopback : NetworkSettings.Networks[name]!.IPAddress,
      apiPort,
      port,
      async [Symbol.asyncDispose]() {
        await claimed?.[Symbol.asyncDispose]()
      },
    }
  }
}

async function claim(count: number): Promise<AsyncDisposable & { numbers: number[] }> {
  const ports = await Ports.open()
  const numbers: number[] = []
  while (numbers.length < count) numbers.push(await ports.next())
  return { numbers, [Symbol.asyncDispose]: () => ports[Symbol.asyncDispose]() }
}

const isTaken = (error: unknown) =>
  /already allocated|already in use|ports are not available/i.test((error as Error).message)

/** By a node's own log: each says its version when it starts. */
async function redisVersion([node]: ContainerNode[]): Promise<string> {
  const log = node ? await readFile(node.logFile, 'utf8').catch(() => '') : ''
  return /(?:Redis|Valkey|server) version=(\d+(?:\.\d+)+)/i.exec(log)?.[1] ?? 'unknown'
}
