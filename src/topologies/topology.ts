import type { Redis } from 'ioredis'
import type { Links } from '../links/links.ts'
import type { Endpoints, TopologyKind } from '../locks/lock.ts'
import type { Plan } from '../plan/scenario.ts'
import type { NodeHandle, Runtime } from '../runtimes/runtime.ts'

/** A family of Redis servers in a known shape. A member starts its nodes in a runtime, behind links, and knows who is who. */
export interface Topology {
  kind: TopologyKind
  /** One line for `picklock list topologies`. */
  title: string
  /** The nodes that a plan of this topology will have, known before anything starts, so that targets can be checked. */
  nodeNames(options: Plan['topology']): { redis: string[]; sentinels: string[] }
  start(context: {
    runtime: Runtime
    links: Links
    options: Plan['topology']
    servers: string[]
    signal: AbortSignal
  }): Promise<Cluster>
}

/** A running topology. Disposing of it ends the harness' connections; its nodes are the runtime's to end. */
export interface Cluster extends AsyncDisposable {
  kind: TopologyKind
  /** `redis-1` …, in order. */
  redis: NodeHandle[]
  /** `sentinel-1` …; empty but for Sentinel. */
  sentinels: NodeHandle[]
  /** What this server's lock gets; addresses are the server's own links. */
  endpoints(server: string): Endpoints
  /** The node that is primary now (asked, not remembered). On `redlock` the first node. */
  primary(): Promise<NodeHandle>
  /** The harness' own, unproxied connection to a node, for audits and probes; kept open, reconnects by itself. */
  admin(node: string): Redis
  /** Calls back on `+switch-master` with node names. */
  onSwitch(listener: (event: { from: string; to: string }) => void): void
}
