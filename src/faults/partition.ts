import { z } from 'zod'
import type { Fault } from './fault.ts'

const parameters = z.strictObject({})
/** A refused PING answers at once; what passes may be slow on a busy machine. */
const pingTimeoutMs = 5000

export const partition = {
  name: 'partition',
  title: 'Cuts a link: what stands is closed, what is new is refused',
  docs: `The proxy of each link of the target is closed, and opened again at the heal. A lock feels ECONNRESET, then ECONNREFUSED, as behind a
firewall that rejects. (Where nothing is refused and nothing closes, use black-hole.) Landed when a PING through each link is refused that
passed before.`,
  group: 'links',
  color: '#7a5195',
  parameters,
  defaultTarget: 'servers→primary',
  async inject(target) {
    const before = await Promise.all(target.links.map((link) => link.ping(pingTimeoutMs)))
    const cuts = new AsyncDisposableStack()
    try {
      for (const link of target.links) cuts.use(await link.cut())
      const after = await Promise.all(target.links.map((link) => link.ping(pingTimeoutMs)))
      const proofs = target.links.map((link, i) => {
        const was = before[i]!
        const is = after[i]!
        if (!was.ok) return { cut: false, text: `${link.name} did not answer before the cut: ${was.error}` }
        if (is.ok) return { cut: false, text: `${link.name} still answers PING` }
        return { cut: true, text: `${link.name} refuses (${is.error})` }
      })
      return {
        landed: proofs.length > 0 && proofs.every(({ cut }) => cut),
        proof: proofs.map(({ text }) => text).join(', '),
        async heal() {
          await cuts.disposeAsync()
        },
      }
    } catch (error) {
      await cuts.disposeAsync()
      throw error
    }
  },
} satisfies Fault<typeof parameters>
