import type { Links } from '../links/links.ts'
import type { TopologyKind } from '../locks/lock.ts'
import type { Runtime } from '../runtimes/runtime.ts'
import { openAdmins } from './admin.ts'
import type { Cluster } from './topology.ts'

/** Nodes that know nothing of each other: one for `single`, several for `redlock`. Every server has a link to each. */
export async function startIndependent(
  kind: TopologyKind,
  names: string[],
  { runtime, links, servers, signal }: { runtime: Runtime; links: Links; servers: string[]; signal: AbortSignal },
): Promise<Cluster> {
  const redis = await Promise.all(
    names.map(async (name) => runtime.startNode({ name, kind: 'redis', port: await runtime.port(), config: [] })),
  )
  signal.throwIfAborted()
  await links.open(servers.flatMap((from) => redis.map((node) => ({ from, to: node.name, upstream: node }))))
  signal.throwIfAborted()
  const admins = openAdmins(redis, runtime.password)
  return {
    kind,
    redis,
    sentinels: [],
    endpoints: (server) => ({
      password: runtime.password,
      redis: names.map((name) => {
        const { host, port } = links.get(`${server}→${name}`)
        return { host, port }
      }),
    }),
    primary: () => Promise.resolve(redis[0]!),
    admin: (node) => admins.get(node),
    onSwitch() {},
    async [Symbol.asyncDispose]() {
      admins[Symbol.dispose]()
    },
  }
}

/** `redis-1` … */
export function numbered(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${name}-${index + 1}`)
}
