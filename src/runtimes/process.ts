import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EnvironmentError } from '../lib/failure.ts'
import { Ports } from '../lib/ports.ts'
import { findTool, redisVersion } from '../lib/tools.ts'
import type { RuntimeContext } from './index.ts'
import { AddressInUse, lastLines, Node } from './node.ts'
import type { NodeHandle, NodeSpec, Runtime } from './runtime.ts'
import { untilVersion } from './toxiproxy-version.ts'

const host = '127.0.0.1'
/** How often a process gets another port, where somebody took its own in the moment before. */
const portTries = 5
/** The oldest that has all settings of node.ts. */
const oldestRedis = [6, 2]

/**
 * Nodes as child processes of this machine's redis-server, links through its toxiproxy-server, all on loopback. Nothing survives the
 * drill's `Children`.
 */
export async function openProcessRuntime({
  children,
  logs,
}: Pick<RuntimeContext, 'children' | 'logs'>): Promise<Runtime> {
  const redisServer = findTool('redis-server')
  const toxiproxyServer = findTool('toxiproxy-server')
  const ports = await Ports.open()
  const port = () => ports.next()
  const password = randomBytes(16).toString('hex')
  const nodes: Node[] = []
  let stopToxiproxy = async () => {}

  async function startNode(spec: NodeSpec): Promise<NodeHandle> {
    const logFile = join(logs, `${spec.name}.log`)
    const setting = { children, password, folder: children.folder, logFile, command: redisServer }
    for (let tries = 1; ; tries++) {
      const node = new Node(tries === 1 ? spec : { ...spec, port: await port() }, setting)
      nodes.push(node)
      try {
        await node.start()
        return node
      } catch (error) {
        if (error instanceof AddressInUse && tries < portTries) continue
        refuseOldRedis(redisServer)
        throw error
      }
    }
  }

  async function startToxiproxy() {
    const logFile = join(logs, 'toxiproxy.log')
    for (let tries = 1; ; tries++) {
      const apiPort = await port()
      const args = ['-host', host, '-port', String(apiPort)]
      const child = children.spawn(toxiproxyServer, args, { name: 'toxiproxy', logFile, env: { LOG_LEVEL: 'info' } })
      stopToxiproxy = () => children.stop(child, { graceMs: 0 })
      const api = `http://${host}:${apiPort}`
      const version = await untilVersion(
        { host, port: apiPort },
        () => child.exitCode !== null || child.signalCode !== null,
      )
      if (version !== undefined) return { api, logFile, version }
      await stopToxiproxy()
      const log = lastLines(await readFile(logFile, 'utf8'))
      if (/address already in use/i.test(log) && tries < portTries) continue
      throw new EnvironmentError(`toxiproxy (${toxiproxyServer}) did not start: ${log}`)
    }
  }

  return {
    kind: 'process',
    host,
    listenHost: host,
    password,
    folder: children.folder,
    startNode,
    startToxiproxy,
    port,
    versions: async () => ({ redis: redisVersion(redisServer) ?? 'unknown' }),
    async [Symbol.asyncDispose]() {
      await Promise.all([stopToxiproxy(), ...nodes.map((node) => node.kill())])
      await ports[Symbol.asyncDispose]()
    },
  }
}

/** Asked only where a node did not start, because asking takes time: an old one ends at the first setting that it does not know. */
function refuseOldRedis(command: string): void {
  const version = redisVersion(command)
  if (version === undefined)
    throw new EnvironmentError(
      `${command} does not answer --version as a Redis server does: name another binary with PICKLOCK_REDIS_SERVER`,
    )
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > oldestRedis[0]! || (major === oldestRedis[0] && minor >= oldestRedis[1]!)) return
  throw new EnvironmentError(
    `${command} is version ${version}, and Picklock needs ${oldestRedis.join('.')} or newer: name another binary with PICKLOCK_REDIS_SERVER`,
  )
}
