import { z } from 'zod'
import type { NodeHandle } from '../runtimes/runtime.ts'
import { nothingDone, type Fault, type Stage } from './fault.ts'
import { poll } from './poll.ts'
import { follows, mastersSeen, roleOf } from './sentinels.ts'

const parameters = z.strictObject({
  /**
   * When the old primary becomes a replica. `sentinel`: by Sentinel, 8 to 10 s after the switch, with its clients' connections closed. `at-once`:
   * by the harness right after the switch, with the connections left standing, as behind a proxy or a load balancer that keeps TCP up.
   */
  demote: z.enum(['sentinel', 'at-once']).default('sentinel'),
})
/** Asked for, a failover takes 1 to 2 s; a starved machine may take many. */
const switchMs = 15_000
const demoteMs = 5_000
const rejoinMs = 10_000

export const failover = {
  name: 'failover',
  title: 'A failover that is asked for (SENTINEL FAILOVER): the replica is promoted, nothing dies',
  docs: `Maintenance, as an operator does it. Both nodes live on, so no connection breaks: until Sentinel demotes the old primary, 8 to 10 s after the
switch, there are two primaries that take writes, and a lock that does not listen to Sentinel stays with the old one. What is granted there is lost
when it is demoted. With \`demote: at-once\` the old primary turns into a replica under its clients' feet and answers READONLY
(ioredis#144). Landed when the Sentinels name another primary. At the heal the old primary is made a replica, if Sentinel has not done so.`,
  group: 'sentinel',
  color: '#5b8c5a',
  parameters,
  defaultTarget: 'primary',
  async inject(target, { demote }, stage) {
    const { cluster } = stage
    const [old] = target.nodes
    if (!old || (await cluster.primary()).name !== old.name) return nothingDone(`${target.label} is not the primary`)
    const refusal = await ask(stage)
    if (refusal !== undefined) return nothingDone(`SENTINEL FAILOVER: ${refusal}`)
    const askedMs = performance.now()
    let heir: NodeHandle = old
    const switched = await poll(switchMs, stage.signal, async () => (heir = await cluster.primary()).name !== old.name)
    const heal = () => rejoin(stage)
    if (!switched) return { landed: false, proof: `no +switch-master within ${switchMs / 1000} s`, heal }

    const proof = [`+switch-master to ${heir.name} after ${((performance.now() - askedMs) / 1000).toFixed(3)} s`]
    if (demote === 'sentinel') return { landed: true, proof: proof.join(', '), heal }
    await follow(stage, old.name, heir.name)
    const demoted = await poll(demoteMs, stage.signal, async () => (await roleOf(stage, old.name)) === 'slave')
    proof.push(demoted ? `${old.name} is its replica and keeps its clients` : `${old.name} is still a primary`)
    return { landed: demoted, proof: proof.join(', '), heal }
  },
} satisfies Fault<typeof parameters>

/** Asks one Sentinel after the other; → why the last one refused, or nothing where one agreed. */
async function ask(stage: Stage): Promise<string | undefined> {
  const { cluster } = stage
  const seen = await mastersSeen(stage)
  let refusal = 'there is no Sentinel'
  for (const [index, { name }] of cluster.sentinels.entries()) {
    try {
      await cluster.admin(name).call('SENTINEL', 'FAILOVER', seen[index]!['name'] ?? '')
      return undefined
    } catch (error) {
      refusal = (error as Error).message
    }
  }
  return refusal
}

async function follow({ cluster, links }: Stage, node: string, primary: string): Promise<void> {
  const { host, port } = links.get(`cluster→${primary}`)
  await cluster.admin(node).call('REPLICAOF', host, String(port))
}

/** Every node that lives follows the primary of the day. */
async function rejoin(stage: Stage): Promise<void> {
  const { cluster } = stage
  let apart: string[] = []
  const whole = await poll(rejoinMs, undefined, async () => {
    const primary = await cluster.primary()
    apart = []
    for (const node of cluster.redis) {
      if (node.name === primary.name || (await node.state()) !== 'up') continue
      if (await follows(stage, node.name)) continue
      apart.push(node.name)
      if ((await roleOf(stage, node.name)) === 'master') await follow(stage, node.name, primary.name)
    }
    return apart.length === 0
  })
  if (!whole) throw new Error(`${apart.join(', ')} did not become a replica within ${rejoinMs / 1000} s`)
}
