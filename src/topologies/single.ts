import { numbered, startIndependent } from './independent.ts'
import type { Topology } from './topology.ts'

export const single = {
  kind: 'single',
  title: 'One Redis',
  nodeNames: () => ({ redis: numbered('redis', 1), sentinels: [] }),
  start: (context) => startIndependent('single', numbered('redis', 1), context),
} satisfies Topology
