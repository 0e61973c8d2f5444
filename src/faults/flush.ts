import { z } from 'zod'
import { eachNode } from './each-node.ts'
import type { Fault } from './fault.ts'

const parameters = z.strictObject({})

export const flush = {
  name: 'flush',
  title: 'FLUSHALL: every key of a node is gone at once',
  docs: `Somebody clears the cache and takes the locks with it. A lock feels nothing: connections stand and writes work. Its key is gone, the next caller is granted, and
the holder is not told. Nothing is brought back at the heal. Landed when a transaction counted keys before the flush and none after it.`,
  group: 'nodes',
  color: '#c2185b',
  parameters,
  defaultTarget: 'primary',
  inject: (target, _parameters, stage) =>
    eachNode(target, async (node) => {
      const replies = await stage.cluster.admin(node.name).multi().dbsize().flushall().dbsize().exec()
      const failed = replies?.find(([error]) => error !== null)?.[0]
      if (!replies || failed) throw failed ?? new Error(`${node.name} discarded the transaction`)
      const [before, after] = [Number(replies[0]![1]), Number(replies[2]![1])]
      return {
        landed: before > 0 && after === 0,
        proof:
          before === 0
            ? `${node.name} had no key to lose`
            : `${node.name} had ${before} keys before FLUSHALL and ${after} after it`,
        // What is gone is gone.
        async heal() {},
      }
    }),
} satisfies Fault<typeof parameters>
