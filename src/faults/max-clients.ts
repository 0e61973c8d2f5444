import { connect } from 'node:net'
import { z } from 'zod'
import type { NodeHandle } from '../runtimes/runtime.ts'
import { again } from './again.ts'
import { clientsOf, cut, dialAs } from './clients.ts'
import { eachNode } from './each-node.ts'
import type { Fault } from './fault.ts'
import { insist } from './poll.ts'
import { changeSettings } from './settings.ts'

const parameters = z.strictObject({})

/** Who slipped in between is put out again. */
const everyMs = 100
/** A refusal comes as soon as the connection stands. */
const greetingMs = 2_000

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
      let ended: number
      try {
        ended = await cut(admin, await others())
      } catch (error) {
        await restore().catch(() => {})
        throw error
      }
      const said = await refusal(node)
      const guarding = again(everyMs, stage, async () => {
        // A node that another fault has taken has no clients to end.
        await others().then(
          (clients) => cut(admin, clients),
          () => {},
        )
      })
      return {
        landed: said !== undefined,
        proof: said
          ? `${node.name} ended ${ended} connections and refuses new ones (${said})`
          : `${node.name} still takes connections`,
        async heal() {
          await guarding.stop()
          await restore()
          await insist(async () => {
            if ((await node.state()) === 'down') return
            using _let = await dialAs(admin, 'probe')
          })
        },
      }
    }),
} satisfies Fault<typeof parameters>

/**
 * What the node says to one who dials and says nothing himself; undefined where it waits for him to speak. (A client that speaks at once may find
 * its connection reset before it has read the refusal.)
 */
function refusal({ host, port }: NodeHandle): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    const end = (said?: string) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(said)
    }
    const timer = setTimeout(end, greetingMs)
    socket.on('data', (line) => end(line.toString('latin1').trim().replace(/^-/, '')))
    socket.on('error', () => end())
    socket.on('close', () => end())
  })
}
