import type { Redis } from 'ioredis'
import type { Links } from '../links/links.ts'
import { EnvironmentError } from '../lib/failure.ts'
import type { Address } from '../locks/lock.ts'
import type { NodeHandle, NodeSpec, Runtime } from '../runtimes/runtime.ts'
import { openAdmins } from './admin.ts'
import { fields, masterName } from './quorum.ts'
import type { Cluster } from './topology.ts'
import { watchGroup } from './watched-group.ts'

/**
 * A Sentinel group that already runs. Who leads, and by which addresses the nodes are known to each other, is what Sentinel says; the proxies between them are taken over where
 * there are any.
 */
export async function adoptGroup(
  names: { redis: string[]; sentinels: string[] },
  { runtime, links, servers, signal }: { runtime: Runtime; links: Links; servers: string[]; signal: AbortSignal },
): Promise<Cluster> {
  const found = (kind: NodeSpec['kind'], all: string[]) =>
    Promise.all(all.map((name) => runtime.startNode({ name, kind, port: 0, config: [] })))
  const [redis, sentinels] = [await found('redis', names.redis), await found('sentinel', names.sentinels)]
  const nodes = [...redis, ...sentinels]
  const between = await links.adopt(nodes.map(({ name }) => ({ from: 'cluster', to: name })))
  await links.open(servers.flatMap((from) => nodes.map((node) => ({ from, to: node.name, upstream: node }))))
  signal.throwIfAborted()

  using admins = openAdmins(sentinels, runtime.password)
  const asked = sentinels.map(({ name }) => admins.get(name))
  const told = await addressesTold(asked[0]!)
  const peers = await peersTold(asked)
  const linkPorts = new Map(between.map(({ to, port }) => [to, port]))
  const portOf = (node: NodeHandle) => linkPorts.get(node.name) ?? node.port
  const announced = new Map<string, Address>(nodes.map((node) => [node.name, { host: node.host, port: portOf(node) }]))
  const among = (addresses: Address[], node: NodeHandle) => {
    const fitting = addresses.filter(({ port }) => port === portOf(node))
    return fitting.find(({ host }) => host === node.host) ?? (fitting.length === 1 ? fitting[0] : undefined)
  }
  // A client that hears of a Sentinel by an address that leads nowhere else would go past the links.
  for (const node of sentinels) announced.set(node.name, among(peers, node) ?? announced.get(node.name)!)
  for (const node of redis) {
    const known = among(told, node)
    if (!known)
      throw new EnvironmentError(
        `Sentinel knows no ${node.name} at ${node.host}:${portOf(node)}; it knows ${told.map(({ host, port }) => `${host}:${port}`).join(', ')}: give the nodes by the addresses that they announce`,
      )
    announced.set(node.name, known)
  }
  const nodeAt = (address: Address) => redis.find(({ name }) => same(announced.get(name)!, address))
  const primary = nodeAt(told[0]!)
  const ordered = [primary, ...redis.filter((node) => node !== primary)].filter((node) => node !== undefined)
  return watchGroup(
    { redis: ordered, sentinels, nodeAt, announced: (name) => announced.get(name)! },
    { runtime, links, signal },
  )
}

const same = (a: Address, b: Address) => a.host === b.host && a.port === b.port

/** The Sentinels', each as the others tell it. */
async function peersTold(sentinels: Redis[]): Promise<Address[]> {
  const lists = await Promise.all(sentinels.map((each) => each.call('SENTINEL', 'SENTINELS', masterName)))
  const told = (lists as unknown[][]).flat().map((flat) => {
    const { ip = '', port } = fields(flat)
    return { host: ip, port: Number(port) }
  })
  return told.filter((address, index) => told.findIndex((other) => same(other, address)) === index)
}

/** The primary's, then the replicas'. */
async function addressesTold(sentinel: Redis): Promise<Address[]> {
  const [master, replicas] = await Promise.all([
    sentinel.call('SENTINEL', 'MASTER', masterName),
    sentinel.call('SENTINEL', 'REPLICAS', masterName),
  ])
  return [master, ...(replicas as unknown[])].map((flat) => {
    const { ip = '', port } = fields(flat)
    return { host: ip, port: Number(port) }
  })
}
