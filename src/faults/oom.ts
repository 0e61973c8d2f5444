import { z } from 'zod'
import { again } from './again.ts'
import { eachNode } from './each-node.ts'
import type { Fault } from './fault.ts'
import { refusalOfWrite } from './filler.ts'
import { poll } from './poll.ts'
import { changeSettings, settingOf } from './settings.ts'

const parameters = z.strictObject({
  /** Hovers at the limit, as keys come and go: writes are refused for about so long, taken for about so long, and so on. Absent: refused all the time. */
  hoverMs: z.number().min(5).optional(),
})

/** Less than an empty Redis needs. */
const reached = { 'maxmemory-policy': 'noeviction', maxmemory: '1' }
const writableMs = 2_000

export const oom = {
  name: 'oom',
  title: 'maxmemory is reached under noeviction: writes are refused',
  docs: `The node keeps what it has and answers every command that could take memory with \`OOM command not allowed when used memory >
'maxmemory'\`: SET, INCR and HSET, in scripts as well. DEL, PEXPIRE and reads pass, so a release works and an extension depends on how it is written. Done with
\`maxmemory 1\`. With \`hoverMs\` the limit is reached and left in turns. Landed when a write by the harness is refused with OOM.`,
  group: 'nodes',
  color: '#b5651d',
  parameters,
  defaultTarget: 'primary',
  inject: (target, { hoverMs }, stage) =>
    eachNode(target, async (node) => {
      const admin = stage.cluster.admin(node.name)
      const restore = await changeSettings(node, admin, reached)
      const refusal = await refusalOfWrite(admin)
      const landed = isOom(refusal)
      let full = true
      const hovering =
        hoverMs === undefined
          ? undefined
          : again(hoverMs, stage, async () => {
              full = !full
              // A node that another fault took has no limit to hover at.
              await admin.config('SET', 'maxmemory', full ? reached.maxmemory : '0').catch(() => {})
            })
      return {
        landed,
        proof: refusal === undefined ? `${node.name} still takes writes` : `${node.name} refuses a write: ${refusal}`,
        async heal() {
          await hovering?.stop()
          await restore()
          if ((await node.state()) === 'down' || (await settingOf(admin, 'maxmemory')) !== '0') return
          // What is refused for another reason is another fault's business.
          if (!(await poll(writableMs, undefined, async () => !isOom(await refusalOfWrite(admin)))))
            throw new Error(`${node.name} still refuses writes: ${await refusalOfWrite(admin)}`)
        },
      }
    }),
} satisfies Fault<typeof parameters>

const isOom = (refusal: string | undefined) => refusal !== undefined && /^(\S+ )?OOM /.test(refusal)
