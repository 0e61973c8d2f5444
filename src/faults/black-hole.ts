import { z } from 'zod'
import type { Link } from '../links/links.ts'
import type { RawConnection } from '../lib/raw-connection.ts'
import type { Fault } from './fault.ts'

const parameters = z.strictObject({
  /** `upstream` swallows requests, `downstream` replies. */
  stream: z.enum(['upstream', 'downstream', 'both']).default('both'),
})

const dialMs = 5_000
/** A PING takes a millisecond; nothing within this time is nothing. */
const silenceMs = 400
/** Longer than any drill. */
const heldBackMs = 3_600_000

export const blackHole = {
  name: 'black-hole',
  title: 'Nothing passes a link, and nothing closes',
  docs: `As when a cable is pulled or a firewall drops: what is sent gets no answer and no error, and only a timeout of one's own tells. What was sent
meanwhile is held back, as by TCP's retransmission, and arrives when the link heals: a request that its caller has long given up is then
applied, and a reply tells of a lease that has run out. (A new connection seems to stand, because the proxy takes it; not a byte passes.) Landed
when a PING on a connection that stood, and one on a new connection, get no answer while both stay open.`,
  group: 'links',
  color: '#3d3d5c',
  parameters,
  defaultTarget: 'servers→primary',
  async inject(target, { stream }) {
    // Replies first: at the heal what is still under way flows out before held requests make more of it.
    const streams = stream === 'both' ? (['downstream', 'upstream'] as const) : [stream]
    const feelers = await Promise.all(target.links.map((link) => feel(link)))
    using _feelers = disposing(feelers.map(({ connection }) => connection))
    await using toxics = new AsyncDisposableStack()
    const held = await Promise.all(
      target.links.flatMap((link) =>
        streams.map((each) =>
          link.addToxic({ type: 'latency', stream: each, attributes: { latency: heldBackMs, jitter: 0 } }),
        ),
      ),
    )
    for (const toxic of held.toReversed()) toxics.use(toxic)
    const proofs = await Promise.all(feelers.map((feeler) => silence(feeler)))
    const healing = toxics.move()
    return {
      landed: proofs.length > 0 && proofs.every(({ silent }) => silent),
      proof: proofs.map(({ text }) => text).join(', '),
      heal: () => healing.disposeAsync(),
    }
  },
} satisfies Fault<typeof parameters>

interface Feeler {
  link: Link
  /** Undefined where the link did not answer even before. */
  connection: RawConnection | undefined
  error: string
}

async function feel(link: Link): Promise<Feeler> {
  try {
    return { link, connection: await link.dial(dialMs), error: '' }
  } catch (error) {
    return { link, connection: undefined, error: (error as Error).message }
  }
}

async function silence({ link, connection, error }: Feeler): Promise<{ silent: boolean; text: string }> {
  if (!connection) return { silent: false, text: `${link.name} did not answer before: ${error}` }
  const [standing, fresh] = await Promise.all([connection.ask(['PING'], silenceMs), link.ping(silenceMs)])
  if (standing.ok || fresh.ok) return { silent: false, text: `${link.name} still answers PING` }
  if (!connection.open) return { silent: false, text: `${link.name} closes connections (${standing.error})` }
  if (!fresh.error.startsWith('timeout')) return { silent: false, text: `${link.name} refuses (${fresh.error})` }
  return {
    silent: true,
    text: `${link.name}: no answer and no close for ${silenceMs} ms, on an old and on a new connection`,
  }
}

function disposing(connections: (RawConnection | undefined)[]): Disposable {
  const stack = new DisposableStack()
  for (const connection of connections) stack.use(connection)
  return stack
}
