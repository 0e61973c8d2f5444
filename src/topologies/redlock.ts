import { numbered, startIndependent } from './independent.ts'
import type { Topology } from './topology.ts'

export const redlock = {
  kind: 'redlock',
  title: 'Independent primaries without replication, 3 or more, for quorum locks',
  nodeNames: ({ nodes }) => ({ redis: numbered('redis', nodes), sentinels: [] }),
  start: (context) => startIndependent('redlock', numbered('redis', context.options.nodes), context),
} satisfies Topology
