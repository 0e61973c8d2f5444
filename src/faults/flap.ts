import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { Link } from '../links/links.ts'
import { again } from './again.ts'
import type { Fault, Stage } from './fault.ts'
import { poll } from './poll.ts'

const parameters = z.strictObject({
  /** How long the link is down each time, and up between, in the mean: each is drawn between half and one and a half of it. */
  downMs: z.number().min(1).max(60_000).default(120),
  upMs: z.number().min(1).max(60_000).default(250),
})

/** A refused PING answers at once; what passes may be slow on a busy machine. */
const pingTimeoutMs = 5_000
/** Another fault may hold the same link down for a while. */
const backMs = 2_000

export const flap = {
  name: 'flap',
  title: 'A link goes down and up, again and again',
  docs: `As with a bad cable or a node that is restarted by its supervisor: all connections of the links are closed, new ones refused, and a moment later all
is well. A lock feels one lost connection after another: calls in flight of which nobody knows whether they were applied, queues that are played back when
the link is up, subscriptions that are gone. Landed when a PING through each link was refused and passed again.`,
  group: 'links',
  color: '#9b5094',
  parameters,
  defaultTarget: 'servers→primary',
  async inject(target, { downMs, upMs }, stage) {
    const before = await Promise.all(target.links.map((link) => link.ping(pingTimeoutMs)))
    const dead = target.links.filter((_, i) => !before[i]!.ok)
    if (target.links.length === 0 || dead.length > 0)
      return {
        landed: false,
        proof: `${dead.map(({ name }) => name).join(', ') || 'no link'} did not answer before`,
        heal: async () => {},
      }
    const proofs = await down(target.links, downMs, stage)
    const flapping = again(downMs + upMs, stage, async () => void (await down(target.links, downMs, stage)))
    return {
      landed: proofs.every(({ landed }) => landed),
      proof: proofs.map(({ text }) => text).join(', '),
      heal: () => flapping.stop(),
    }
  },
} satisfies Fault<typeof parameters>

/** Down once and up again, all links at a time. */
async function down(links: Link[], downMs: number, { random, signal }: Stage) {
  const forMs = downMs * (0.5 + random())
  const during = await (async () => {
    await using cuts = new AsyncDisposableStack()
    for (const link of links) cuts.use(await link.cut())
    const pings = await Promise.all(links.map((link) => link.ping(pingTimeoutMs)))
    await sleep(forMs, undefined, { signal }).catch(() => {})
    return pings
  })()
  const after = await Promise.all(
    links.map((link) => poll(backMs, signal, async () => (await link.ping(pingTimeoutMs)).ok)),
  )
  return links.map(({ name }, i) => {
    const refused = during[i]!
    if (refused.ok) return { landed: false, text: `${name} still answered PING while it was cut` }
    if (!after[i]) return { landed: false, text: `${name} did not come back within ${backMs} ms` }
    return { landed: true, text: `${name} refused (${refused.error}) and answered again` }
  })
}
