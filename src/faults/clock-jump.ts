import { readFileSync } from 'node:fs'
import type { Redis } from 'ioredis'
import { z } from 'zod'
import { internalPrefix } from '../history/internal.ts'
import { again } from './again.ts'
import { eachNode } from './each-node.ts'
import type { Fault } from './fault.ts'
import { poll } from './poll.ts'

const parameters = z.strictObject({
  /** How far the clock is set forward. */
  jumpMs: z.number().min(1).default(10_000),
  /** Again and again, at about this interval, as a clock that fights with its time server; absent: once. */
  everyMs: z.number().min(10).optional(),
})

const jumpScript = readFileSync(new URL('./clock-jump.lua', import.meta.url), 'utf8')
/** So long it waits for somebody to hold a lease. */
const patienceMs = 2_000

export const clockJump = {
  name: 'clock-jump',
  title: 'Shortens all leases of a node, as if its clock jumped forward (a simulation)',
  docs: `Redis ends leases by the wall clock, and a step of it ends them early (redis#416, valkey#2651; Kleppmann's first objection to Redlock). The machine's clock is
left alone: this simulates the step by PEXPIRE on every key with a time to live, on one node. A lock feels nothing: its key is gone before its time. Keys that are
set later live as long as they should. Landed when at least one lease was shortened.`,
  group: 'nodes',
  color: '#00838f',
  parameters,
  defaultTarget: 'primary',
  inject: (target, { jumpMs, everyMs }, stage) =>
    eachNode(target, async (node) => {
      const admin = stage.cluster.admin(node.name)
      let first: Jump | undefined
      await poll(patienceMs, stage.signal, async () => {
        const jumped = await jump(admin, jumpMs)
        if (jumped.leases > 0) first = jumped
        return first !== undefined
      })
      if (first === undefined)
        return { landed: false, proof: `no key of ${node.name} had a lease that could end early`, heal: async () => {} }
      const jumping =
        everyMs === undefined
          ? undefined
          : again(everyMs, stage, async () => {
              // A node that another fault took has no leases.
              await jump(admin, jumpMs).catch(() => {})
            })
      return {
        landed: true,
        proof: `simulated on ${node.name}: ${first.leases} leases end ${jumpMs} ms earlier, ${first.key} in ${first.nowMs} ms instead of ${first.leftMs} ms`,
        async heal() {
          await jumping?.stop()
        },
      }
    }),
} satisfies Fault<typeof parameters>

interface Jump {
  leases: number
  key: string
  leftMs: number
  nowMs: number
}

async function jump(admin: Redis, jumpMs: number): Promise<Jump> {
  const [leases, key = '', leftMs = 0, nowMs = 0] = (await admin.eval(jumpScript, 0, jumpMs, internalPrefix)) as [
    number,
    string?,
    number?,
    number?,
  ]
  return { leases, key, leftMs, nowMs }
}
