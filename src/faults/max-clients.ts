import type { Redis } from 'ioredis'
import { z } from 'zod'
import { again } from './again.ts'
import { clientsOf, cut, dialAs } from './clients.ts'
import { eachNode } from './each-node.ts'
import type { Fault } from './fault.ts'
import { changeSettings } from './settings.ts'

const parameters = z.strictObject({})

/** Who slipped in between is put out again. */
const everyMs = 100

export const maxClients = {
  name: 'max-clients',
  title: 'The node has as many clients as it may, and no place for a lock',
  docs: `\`maxclients\` is set to what the harness, replicas and Sentinels need, and all other connections are ended: each has to dial again and hears "max number of clients
reached". As when some service leaks connections. A lock feels a closed connection, then refusals, each of which proves that nothing was applied. Landed when the connections are
gone and a dial is refused with these words.`,
  group: 'nodes',
  color: '#2f7f7f',
  parameters,
  defaultTarget: 'primary',
  inject: (target, _parameters, stage) =>
    eachNode(target, async (node) => {
      const admin = stage.cluster.admin(node.name)
      const others = async () => (await clientsOf(admin)).filter(({ kind }) => kind !== 'own')
      const own = (await clientsOf(admin)).filter(({ kind }) => kind === 'own').length
      const restore = await changeSettings(node, admin, { maxclients: String(own) })
      const ended = await cut(admin, await others())
      const refusal = await refused(admin)
      const guarding = again(everyMs, stage, async () => {
        // A node that another fault has taken has no clients to end.
        await others().then(
          (clients) => cut(admin, clients),
          () => {},
        )
      })
      return {
        landed: refusal !== undefined,
        proof: refusal
          ? `${node.name} ended ${ended} connections and refuses new ones (${refusal})`
          : `${node.name} still takes connections`,
        async heal() {
          await guarding.stop()
          await restore()
          const still = await refused(admin)
          if (still) throw new Error(`${node.name} still refuses connections (${still})`)
        },
      }
    }),
} satisfies Fault<typeof parameters>

/** What it says to one who dials; undefined where it lets him in. */
async function refused(admin: Redis): Promise<string | undefined> {
  try {
    using _let = await dialAs(admin, 'probe')
    return undefined
  } catch (error) {
    const { message } = error as Error
    if (/max number of clients/i.test(message)) return message
    throw error
  }
}
