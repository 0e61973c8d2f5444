import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { within } from '../lib/within.ts'
import { dialAs } from './clients.ts'
import { eachNode } from './each-node.ts'
import type { Fault } from './fault.ts'
import { insist } from './poll.ts'

const parameters = z.strictObject({
  /** `write` holds back what could change data (and PUBLISH), `all` every command. */
  mode: z.enum(['write', 'all']).default('write'),
})

/** A DEL of a key that is not there takes a millisecond; nothing within this time is nothing. */
const silenceMs = 300
/** How late an answer may be once the pause is over. */
const afterMs = 10_000

export const clientPause = {
  name: 'client-pause',
  title: 'The node lets its clients wait: writes only, or everything',
  docs: `CLIENT PAUSE, as operators use it around a planned failover: commands are taken and answered when the pause is over. A lock feels calls
that take as long as the pause, and leases that were granted just before it run out meanwhile. A pause of all commands holds back also the command that would end it: it
lasts for its planned time, whatever else ends. Landed when a DEL of nothing got no answer.`,
  group: 'nodes',
  color: '#8c8c3e',
  parameters,
  defaultTarget: 'primary',
  inject: (target, { mode }, stage) =>
    eachNode(target, async (node) => {
      const admin = stage.cluster.admin(node.name)
      const { pid } = node
      const probe = await dialAs(admin, 'probe')
      const pausedAtMs = performance.now()
      await probe.call('CLIENT', 'PAUSE', Math.ceil(stage.forMs), mode.toUpperCase())
      let answered = false
      const deleted = probe.del('picklock:probe').then(
        () => void (answered = true),
        () => {},
      )
      await sleep(Math.min(silenceMs, stage.forMs / 2))
      const silentMs = Math.round(performance.now() - pausedAtMs)
      return {
        landed: !answered,
        proof: answered
          ? `${node.name} answered a DEL during the pause`
          : `a DEL on ${node.name} had no answer after ${silentMs} ms`,
        async heal() {
          using _probe = probe
          if (mode === 'write')
            await insist(async () => {
              if (node.pid === pid) await admin.call('CLIENT', 'UNPAUSE')
            })
          const leftMs = Math.max(0, pausedAtMs + stage.forMs - performance.now())
          await within(leftMs + afterMs, `the end of the pause of ${node.name}`, deleted)
        },
      }
    }),
} satisfies Fault<typeof parameters>
