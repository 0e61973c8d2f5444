import { z } from 'zod'
import { nothingDone, type Fault, type Stage } from './fault.ts'
import { poll } from './poll.ts'
import { mastersSeen, roleOf } from './sentinels.ts'

const parameters = z.strictObject({})
/** A refused PING answers at once; what passes may be slow on a busy machine. */
const pingTimeoutMs = 5000
const noticeMs = 5000

export const isolatePrimary = {
  name: 'isolate-primary',
  title: "Cuts the primary's cluster link: replica and Sentinels lose it, the servers do not",
  docs: `The split brain: the replica stops following, the Sentinels find the primary down and promote the replica, and every server whose own
link stands goes on writing to the old one. A lock feels nothing at all, which is the trouble: only one that listens to Sentinel, or that asks for
replicas (WAIT), knows that its primary is none any more. With a partition of one server's own link, two servers end up with a primary each.
After the heal Sentinel demotes the old primary, 8 to 10 s after it has seen it again. Landed when the cluster link refuses, a majority of the
Sentinels has lost the node, and the node itself still says that it is the primary.`,
  group: 'sentinel',
  color: '#2f6f9f',
  parameters,
  defaultTarget: 'primary',
  async inject(target, _parameters, stage) {
    const [node] = target.nodes
    const role = node && (await roleOf(stage, node.name))
    if (!node || role !== 'master') return nothingDone(`${target.label} is no primary: ${role ?? 'there is no node'}`)
    const link = stage.links.get(`cluster→${node.name}`)
    const before = await link.ping(pingTimeoutMs)
    if (!before.ok) return nothingDone(`${link.name} did not answer before the cut: ${before.error}`)

    const cut = await link.cut()
    try {
      const after = await link.ping(pingTimeoutMs)
      const { length: count } = stage.cluster.sentinels
      const majority = Math.floor(count / 2) + 1
      let lost = 0
      await poll(noticeMs, stage.signal, async () => (lost = await howManyLost(stage, link.port)) >= majority)
      const still = await roleOf(stage, node.name)
      return {
        landed: !after.ok && lost >= majority && still === 'master',
        proof: [
          after.ok ? `${link.name} still answers PING` : `${link.name} refuses (${after.error})`,
          `${lost} of ${count} Sentinels have lost ${node.name}`,
          `which says of itself: ${still}`,
        ].join(', '),
        async heal() {
          await cut[Symbol.asyncDispose]()
          const healed = await link.ping(pingTimeoutMs)
          // A link that is still cut, and a node that is down or lets nobody in, are another fault's to bring back.
          if (!healed.ok && !link.isCut && isSilence(healed.error) && (await node.state()) === 'up')
            throw new Error(`${link.name}: ${healed.error}`)
        },
      }
    } catch (error) {
      await cut[Symbol.asyncDispose]()
      throw error
    }
  },
} satisfies Fault<typeof parameters>

/** How many Sentinels have lost the primary behind this port, or follow another one already. */
async function howManyLost(stage: Stage, port: number): Promise<number> {
  const seen = await mastersSeen(stage)
  return seen.filter(
    (master) =>
      master['port'] !== undefined &&
      (Number(master['port']) !== port || /disconnected|s_down/.test(master['flags'] ?? '')),
  ).length
}

/** Nothing got through: who refuses in words, or ends the connection, was reached. */
const isSilence = (error: string) => /^(timeout|ECONNREFUSED)/.test(error)
