import { z } from 'zod'
import type { NodeHandle } from '../runtimes/runtime.ts'
import { again } from './again.ts'
import { type ClientEntry, clientsOf, cut } from './clients.ts'
import { eachNode } from './each-node.ts'
import type { Fault, Stage } from './fault.ts'
import { poll } from './poll.ts'

const parameters = z.strictObject({
  /** `pubsub`: those that subscribed; `waiting`: those, and those that wait in a blocking command; `normal`: all but the subscribers; `all`. */
  type: z.enum(['normal', 'pubsub', 'waiting', 'all']).default('normal'),
  /** Where there are none of that type: leave it, and so not land, or end the ordinary ones in their place. */
  otherwise: z.enum(['nothing', 'normal']).default('nothing'),
  /** Again and again while the fault is on; without it once. */
  everyMs: z.number().min(10).max(60_000).optional(),
})
type Parameters = z.output<typeof parameters>

/** A client that was just ended is in the middle of coming back. */
const presentMs = 1_000

export const clientKill = {
  name: 'client-kill',
  title: 'The node ends the connections of its clients',
  docs: `CLIENT KILL on the node, for each connection but the harness' own, replicas and Sentinels: as by an administrator, an idle timeout or an output buffer that is full. A
lock feels a closed connection in the middle of a call, and a subscription that is gone with the messages that come before it is back. Landed when
the connections were there, were ended, and are gone from CLIENT LIST.`,
  group: 'nodes',
  color: '#c04070',
  parameters,
  defaultTarget: 'primary',
  inject: (target, given, stage) =>
    eachNode(target, async (node) => {
      const { landed, proof } = await killSome(node, given, stage)
      const { everyMs } = given
      const killing =
        landed && everyMs !== undefined
          ? again(everyMs, stage, async () => {
              // A node that another fault has taken has no clients to end.
              await killOnce(node, given, stage).catch(() => {})
            })
          : undefined
      return {
        landed,
        proof,
        async heal() {
          await killing?.stop()
        },
      }
    }),
} satisfies Fault<typeof parameters>

/** The first time: waits a little for clients, and looks whether they are gone. */
async function killSome(node: NodeHandle, given: Parameters, stage: Stage) {
  const admin = stage.cluster.admin(node.name)
  let ended: ClientEntry[] = []
  const found = await poll(presentMs, stage.signal, async () => (ended = await killOnce(node, given, stage)).length > 0)
  if (!found) return { landed: false, proof: `${node.name} has no client of type ${given.type}` }
  const gone = await poll(presentMs, stage.signal, async () => {
    const ids = new Set((await clientsOf(admin)).map(({ id }) => id))
    return ended.every(({ id }) => !ids.has(id))
  })
  const what = `${ended.length} ${ended.length === 1 ? 'client' : 'clients'} of ${node.name}`
  const instead = chosen(given.type, ended).length === 0 ? `, none of them of type ${given.type}` : ''
  if (!gone) return { landed: false, proof: `${what} did not end` }
  return { landed: true, proof: `${what} ended (ids ${ended.map(({ id }) => id).join(', ')}${instead})` }
}

/** → those that were there and were ended. */
async function killOnce(node: NodeHandle, { type, otherwise }: Parameters, stage: Stage): Promise<ClientEntry[]> {
  const admin = stage.cluster.admin(node.name)
  const clients = await clientsOf(admin)
  const wanted = chosen(type, clients)
  const victims = wanted.length === 0 && otherwise === 'normal' ? chosen('normal', clients) : wanted
  return (await cut(admin, victims)) > 0 ? victims : []
}

function chosen(type: Parameters['type'], clients: readonly ClientEntry[]): ClientEntry[] {
  const kinds = {
    normal: ['normal', 'blocked'],
    pubsub: ['pubsub'],
    waiting: ['pubsub', 'blocked'],
    all: ['normal', 'blocked', 'pubsub'],
  } satisfies Record<Parameters['type'], ClientEntry['kind'][]>
  return clients.filter(({ kind }) => (kinds[type] as string[]).includes(kind))
}
