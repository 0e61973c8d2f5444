import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { NodeHandle } from '../runtimes/runtime.ts'
import { nothingDone, type Fault, type Stage } from './fault.ts'
import { poll } from './poll.ts'
import { follows, roleOf } from './sentinels.ts'

const parameters = z.strictObject({})
const breakMs = 5000
const returnMs = 2500
/** A replica tries its primary again every second; before that its node may have to come back. */
const mendMs = 15_000

export const cutReplication = {
  name: 'cut-replication',
  title: 'Cuts a replica off from its primary; both live, and Sentinel sees both',
  docs: `What the primary acknowledges from now on is on the primary alone, and a promoted replica will not have it (redlock#16, dapr#4771). A lock
feels nothing, unless it waits for replicas (WAIT), which then does not come. Sentinels and replica reach the primary through one and the same
link, so the cut is made where only replication goes: the replica is given a wrong password for its primary, and its connection is closed.
Landed when the replica says that its link is down, and the primary that nobody follows it. Healed when the replica follows again, or is the primary itself.`,
  group: 'sentinel',
  color: '#b0603a',
  parameters,
  defaultTarget: 'replica',
  async inject(target, _parameters, stage) {
    for (const { name } of target.nodes) {
      const role = await roleOf(stage, name)
      if (role !== 'slave') return nothingDone(`${name} follows nobody: ${role}`)
      // The cut of another replica closes this one's link for a moment.
      if (!(await poll(returnMs, stage.signal, () => follows(stage, name))))
        return nothingDone(`${name} had lost its primary before the cut`)
    }
    const cuts = await Promise.all(target.nodes.map((node) => cut(node, stage)))
    return {
      landed: cuts.length > 0 && cuts.every(({ broken }) => broken),
      proof: cuts.map(({ proof }) => proof).join(', '),
      async heal() {
        await Promise.all(cuts.map(({ mend }) => mend()))
      },
    }
  },
} satisfies Fault<typeof parameters>

async function cut(node: NodeHandle, stage: Stage) {
  const { name } = node
  const admin = stage.cluster.admin(name)
  const [, password = ''] = (await admin.config('GET', 'masterauth')) as string[]
  await admin.config('SET', 'masterauth', randomUUID())
  const mend = async () => {
    const mended = await poll(mendMs, undefined, async () => {
      if ((await node.state()) !== 'up') return false
      await admin.config('SET', 'masterauth', password)
      // A Sentinel that promoted or demoted the node meanwhile had it write down the wrong one.
      await admin.config('REWRITE')
      return (await roleOf(stage, name)) === 'master' || (await follows(stage, name))
    })
    if (!mended) throw new Error(`${name} does not follow its primary again`)
  }
  try {
    const primary = await stage.cluster.primary()
    // Other replicas are back within a second, and go on where they were.
    await stage.cluster.admin(primary.name).call('CLIENT', 'KILL', 'TYPE', 'replica')
    const broken = await poll(breakMs, stage.signal, async () => !(await follows(stage, name)))
    return {
      broken,
      proof: broken ? `${name} has lost ${primary.name}` : `${name} still follows ${primary.name}`,
      mend,
    }
  } catch (error) {
    await mend()
    throw error
  }
}
