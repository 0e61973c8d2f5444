import { sentBy } from '../lib/sent.ts'
import type { Cluster } from '../topologies/topology.ts'
import { observe, type Observer, type ObserverOptions } from './observer.ts'

/** The harness' eyes on all nodes. */
export interface Observing extends AsyncDisposable {
  /** Those of the nodes that work for the lock: a replica only does again what its primary did. */
  primaries(): Promise<Observer[]>
  /** Names of the keys that are on some node. */
  alive(): string[]
  /** How many commands the harness sent to a node so far, to see and to change it. */
  sent(node: string): number
}

/** Watches every node of a cluster. Where one does not let us in, the others are closed again. */
export async function observeAll(
  cluster: Cluster,
  options: Omit<ObserverOptions, 'node' | 'host' | 'port'>,
): Promise<Observing> {
  const { observers, stack } = await stackOf(
    cluster.redis.map(({ name, host, port }) => observe({ node: name, host, port, ...options })),
  )
  return {
    async primaries() {
      if (cluster.kind !== 'sentinel') return observers
      const primary = await cluster.primary().catch(() => undefined)
      return observers.filter(({ node }) => node === primary?.name)
    },
    alive: () => observers.flatMap((observer) => observer.alive()),
    sent: (name) => {
      const seeing = observers.find(({ node }) => node === name)?.sent() ?? {}
      return [...Object.values(seeing), ...Object.values(sentBy(cluster.admin(name)))].reduce((a, b) => a + b, 0)
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

/** Waits for all; where one fails, the others are closed again. */
async function stackOf(resources: Promise<Observer>[]) {
  const stack = new AsyncDisposableStack()
  const settled = await Promise.allSettled(resources)
  const observers = settled.flatMap((result) => (result.status === 'fulfilled' ? [stack.use(result.value)] : []))
  const failed = settled.find((result) => result.status === 'rejected')
  if (!failed) return { observers, stack }
  await stack.disposeAsync()
  throw failed.reason
}
