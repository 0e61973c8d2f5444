import type { Address } from '../locks/lock.ts'
import type { Plan } from '../plan/scenario.ts'
import { masterName } from './quorum.ts'

/**
 * An election that failed is given up after this, and tried again after twice as long. Redis' default, three minutes, would leave a
 * drill whose Sentinels split their votes without a primary to its end.
 */
const failoverTimeoutMs = 3_000

/**
 * So far apart the Sentinels judge that a node is down. All lose the connections of a killed one in the same millisecond; who judges at one
 * moment stands for election at one moment, each votes for itself, and there is no primary until the election is repeated.
 */
const judgeApartMs = 200
const downAfterMinMs = 100

/** For a node that says to be where its cluster link is, and follows a primary through the primary's. */
export function nodeConfig(announced: Address, primary: Address | undefined): string[] {
  return [
    `replica-announce-ip ${announced.host}`,
    `replica-announce-port ${announced.port}`,
    ...(primary ? [`replicaof ${primary.host} ${primary.port}`] : []),
  ]
}

/**
 * For a Sentinel that is told the primary and the replicas. Of its peers it hears by a greeting (below): one that it finds closed when
 * it starts, it tries again after a second only. After `downAfterMs` as many of them as the quorum needs have judged.
 */
export function sentinelConfig(
  { quorum, downAfterMs }: Plan['topology'],
  own: { id: string; index: number; announced: Address; password: string },
  primary: Address,
  replicas: Address[],
): string[] {
  const judgesAfterMs = Math.max(downAfterMinMs, downAfterMs + (own.index + 1 - quorum) * judgeApartMs)
  return [
    `sentinel myid ${own.id}`,
    `sentinel announce-ip ${own.announced.host}`,
    `sentinel announce-port ${own.announced.port}`,
    `sentinel sentinel-pass ${own.password}`,
    `sentinel monitor ${masterName} ${primary.host} ${primary.port} ${quorum}`,
    `sentinel auth-pass ${masterName} ${own.password}`,
    `sentinel down-after-milliseconds ${masterName} ${judgesAfterMs}`,
    `sentinel failover-timeout ${masterName} ${failoverTimeoutMs}`,
    `sentinel parallel-syncs ${masterName} 1`,
    ...replicas.map(({ host, port }) => `sentinel known-replica ${masterName} ${host} ${port}`),
  ]
}

/** What Sentinels send each other every two seconds, in Sentinel's own format: who and where I am, and whom I take for the primary. */
export function greeting(id: string, announced: Address, primary: Address): string {
  const epoch = 0
  return [announced.host, announced.port, id, epoch, masterName, primary.host, primary.port, epoch].join(',')
}
