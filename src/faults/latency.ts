import { z } from 'zod'
import type { Link } from '../links/links.ts'
import type { Fault } from './fault.ts'

const parameters = z.strictObject({
  latencyMs: z.number().min(1),
  /** Uniformly more or less, by up to this much. */
  jitterMs: z.number().min(0).default(0),
  /** `upstream` delays requests, `downstream` replies. */
  stream: z.enum(['upstream', 'downstream', 'both']).default('downstream'),
})

/** A PING that outlasts this did not come back. */
const pingTimeoutMs = 10_000

export const latency = {
  name: 'latency',
  title: 'Delays what passes a link, by `latencyMs` ± `jitterMs`',
  docs: `Toxiproxy's latency toxic on each link of the target, on the connections that stand and on new ones. A lock feels slow replies:
waits that eat the lease before the grant is known. Landed when a PING through each link takes that much longer.`,
  group: 'links',
  color: '#e0a100',
  parameters,
  defaultTarget: 'servers→primary',
  async inject(target, { latencyMs, jitterMs, stream }) {
    const streams = stream === 'both' ? (['upstream', 'downstream'] as const) : [stream]
    const expectedMs = Math.max(0, latencyMs - jitterMs) * streams.length
    const toxics = new AsyncDisposableStack()
    try {
      for (const link of target.links)
        for (const each of streams)
          toxics.use(
            await link.addToxic({
              type: 'latency',
              stream: each,
              attributes: { latency: latencyMs, jitter: jitterMs },
            }),
          )
      const probes = await Promise.all(target.links.map((link) => probe(link)))
      return {
        landed: probes.length > 0 && probes.every(({ ms }) => ms !== undefined && ms >= expectedMs),
        proof: probes.map(({ text }) => text).join(', '),
        async heal() {
          await toxics.disposeAsync()
        },
      }
    } catch (error) {
      await toxics.disposeAsync()
      throw error
    }
  },
} satisfies Fault<typeof parameters>

async function probe(link: Link): Promise<{ ms?: number; text: string }> {
  const pong = await link.ping(pingTimeoutMs)
  return pong.ok
    ? { ms: pong.ms, text: `PING through ${link.name} took ${Math.round(pong.ms)} ms` }
    : { text: `PING through ${link.name} failed: ${pong.error}` }
}
