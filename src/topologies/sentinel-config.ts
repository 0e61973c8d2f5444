import { randomBytes } from 'node:crypto'
import type { Address } from '../locks/lock.ts'
import type { Plan } from '../plan/scenario.ts'
import { masterName } from './quorum.ts'

/**
 * An election that failed is given up after this, and tried again after twice as long. Redis' default, three minutes, would leave a
 * drill whose Sentinels split their votes without a primary to its end.
 */
const failoverTimeoutMs = 3_000

/** For a node that says to be where its cluster link is, and follows a primary through the primary's. */
export function replicaConfig(announced: Address, primary: Address | undefined): string[] {
  return [
    `replica-announce-ip ${announced.host}`,
    `replica-announce-port ${announced.port}`,
    ...(primary ? [`replicaof ${primary.host} ${primary.port}`] : []),
  ]
}

/**
 * The Sentinels are told their peers and the replicas beforehand, so that the quorum stands at once instead of after several
 * two-second hellos. Sentinel itself writes such lines when it rewrites its configuration.
 */
export function sentinelConfigs(
  { quorum, downAfterMs }: Plan['topology'],
  names: { redis: string[]; sentinels: string[] },
  announced: (name: string) => Address,
  password: string,
): [name: string, lines: string[]][] {
  const [primary, ...replicas] = names.redis.map(announced)
  const ids = new Map(names.sentinels.map((name) => [name, randomBytes(20).toString('hex')]))
  return names.sentinels.map((name) => {
    const own = announced(name)
    const peers = names.sentinels.filter((peer) => peer !== name)
    return [
      name,
      [
        `sentinel myid ${ids.get(name)}`,
        `sentinel announce-ip ${own.host}`,
        `sentinel announce-port ${own.port}`,
        `sentinel sentinel-pass ${password}`,
        `sentinel monitor ${masterName} ${primary!.host} ${primary!.port} ${quorum}`,
        `sentinel auth-pass ${masterName} ${password}`,
        `sentinel down-after-milliseconds ${masterName} ${downAfterMs}`,
        `sentinel failover-timeout ${masterName} ${failoverTimeoutMs}`,
        `sentinel parallel-syncs ${masterName} 1`,
        ...replicas.map(({ host, port }) => `sentinel known-replica ${masterName} ${host} ${port}`),
        ...peers.map((peer) => {
          const { host, port } = announced(peer)
          return `sentinel known-sentinel ${masterName} ${host} ${port} ${ids.get(peer)}`
        }),
      ],
    ]
  })
}
