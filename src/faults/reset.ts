import { z } from 'zod'
import type { Link } from '../links/links.ts'
import type { RawConnection } from '../lib/raw-connection.ts'
import type { Fault } from './fault.ts'

const parameters = z.strictObject({})

const dialMs = 5_000
/** A reset comes at once; what is only slow is no reset. */
const resetMs = 5_000

export const reset = {
  name: 'reset',
  title: 'Every request ends its connection, and does not arrive',
  docs: `Toxiproxy's reset_peer toxic on the way of the requests: a connection stands until something is sent on it, is then closed, with RST where it was
made during the fault, and the request is lost. As behind a load balancer or a NAT that has forgotten its connections. From a lock it looks like drop-reply, where the
request was applied. Landed when a PING on a connection that stood, and one on a new connection, end that connection.`,
  group: 'links',
  color: '#c2571a',
  parameters,
  defaultTarget: 'servers→primary',
  async inject(target) {
    const before = await Promise.all(
      target.links.map((link) => link.dial(dialMs).catch((error: Error) => ({ failed: error.message }))),
    )
    using connections = new DisposableStack()
    for (const each of before) if (!('failed' in each)) connections.use(each)
    await using toxics = new AsyncDisposableStack()
    for (const link of target.links)
      toxics.use(await link.addToxic({ type: 'reset_peer', stream: 'upstream', attributes: { timeout: 0 } }))
    const proofs = await Promise.all(target.links.map((link, i) => proofOf(link, before[i]!)))
    const healing = toxics.move()
    return {
      landed: proofs.length > 0 && proofs.every(({ landed }) => landed),
      proof: proofs.map(({ text }) => text).join(', '),
      heal: () => healing.disposeAsync(),
    }
  },
} satisfies Fault<typeof parameters>

async function proofOf(link: Link, before: RawConnection | { failed: string }) {
  if ('failed' in before) return { landed: false, text: `${link.name} did not answer before: ${before.failed}` }
  const [standing, fresh] = await Promise.all([before.ask(['PING'], resetMs), link.ping(resetMs)])
  if (standing.ok || fresh.ok) return { landed: false, text: `${link.name} still answers PING` }
  const landed = !before.open && !fresh.error.startsWith('timeout')
  return { landed, text: `${link.name} ends an old connection (${standing.error}) and a new one (${fresh.error})` }
}
