import { randomBytes } from 'node:crypto'
import type { Redis } from 'ioredis'
import type { Links } from '../links/links.ts'
import type { Address } from '../locks/lock.ts'
import type { Plan } from '../plan/scenario.ts'
import type { NodeSpec, Runtime } from '../runtimes/runtime.ts'
import { numbered } from './independent.ts'
import { greeting, nodeConfig, sentinelConfig } from './sentinel-config.ts'
import { adoptGroup } from './standing-group.ts'
import type { Topology } from './topology.ts'
import { watchGroup } from './watched-group.ts'

/**
 * A primary, its replicas and Sentinels. All that they say to each other goes through cluster links: every node and every Sentinel
 * announces the address of its own, and knows the others by theirs.
 */
export const sentinel = {
  kind: 'sentinel',
  title: 'A primary with replicas, found through Sentinels that replace it when it dies',
  nodeNames,
  async start({ runtime, links, options, servers, signal }) {
    const names = nodeNames(options)
    if (runtime.standing) return adoptGroup(names, { runtime, links, servers, signal })
    const ports = await openLinks(runtime, links, [...names.redis, ...names.sentinels], servers)
    signal.throwIfAborted()

    const announced = (name: string): Address => links.get(`cluster→${name}`)
    const startNode = async (kind: NodeSpec['kind'], name: string, config: string[]) => {
      const port = ports.get(name)!
      const node = await runtime.startNode({ name, kind, port, config })
      if (node.port !== port)
        await Promise.all(links.all().flatMap((link) => (link.to === name ? [link.retarget(node)] : [])))
      return node
    }
    // One after the other: whoever finds closed what it follows or watches tries again after a second only.
    const primaryAt = announced('redis-1')
    const replicaNames = names.redis.slice(1)
    const primary = await startNode('redis', 'redis-1', nodeConfig(primaryAt, undefined))
    const replicas = await Promise.all(
      replicaNames.map((name) => startNode('redis', name, nodeConfig(announced(name), primaryAt))),
    )
    const ids = new Map(names.sentinels.map((name) => [name, randomBytes(20).toString('hex')]))
    const sentinels = await Promise.all(
      names.sentinels.map((name, index) => {
        const own = { id: ids.get(name)!, index, announced: announced(name), password: runtime.password }
        return startNode('sentinel', name, sentinelConfig(options, own, primaryAt, replicaNames.map(announced)))
      }),
    )
    signal.throwIfAborted()

    const nodeAt = ({ port }: Address) => redis.find(({ name }) => announced(name).port === port)
    const redis = [primary, ...replicas]
    const greetings = names.sentinels.map((name) => greeting(ids.get(name)!, announced(name), primaryAt))
    const introduced = (admin: (name: string) => Redis) => introduce(names.sentinels, greetings, admin)
    return watchGroup({ redis, sentinels, nodeAt, announced }, { runtime, links, signal, introduced })
  },
} satisfies Topology

function nodeNames({ replicas, sentinels }: Plan['topology']): { redis: string[]; sentinels: string[] } {
  return { redis: numbered('redis', 1 + replicas), sentinels: numbered('sentinel', sentinels) }
}

/** Before the nodes, because their configurations name the links' ports; → the port that each node is to have. */
async function openLinks(runtime: Runtime, links: Links, names: string[], servers: string[]) {
  const ports = new Map(await Promise.all(names.map(async (name) => [name, await runtime.port()] as const)))
  await links.open(
    ['cluster', ...servers].flatMap((from) =>
      names.map((to) => ({ from, to, upstream: { host: runtime.host, port: ports.get(to)! } })),
    ),
  )
  return ports
}

/** Every Sentinel hears every other one's greeting at once, instead of after several two-second rounds. */
async function introduce(names: string[], greetings: string[], admin: (name: string) => Redis): Promise<void> {
  await Promise.all(
    names.flatMap((name, own) =>
      greetings.flatMap((text, index) => (index === own ? [] : [admin(name).publish('__sentinel__:hello', text)])),
    ),
  )
}
