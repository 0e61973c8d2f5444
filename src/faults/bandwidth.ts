import { z } from 'zod'
import type { Link } from '../links/links.ts'
import type { Fault } from './fault.ts'

const parameters = z.strictObject({
  /** Thousands of bytes a second, for each connection. */
  rateKBps: z.int().min(1).max(1_000_000).default(1),
  /** `upstream` narrows the way of requests, `downstream` that of replies. */
  stream: z.enum(['upstream', 'downstream', 'both']).default('downstream'),
})

/** What is sent to feel it takes this long at the rate. */
const probeMs = 300
const dialMs = 5_000
const probeTimeoutMs = 10_000

export const bandwidth = {
  name: 'bandwidth',
  title: 'Narrows a link to `rateKBps`',
  docs: `Toxiproxy's bandwidth toxic on each link of the target, on the connections that stand and on new ones. The words of a lock are few and
pass almost as before; what it feels is everything that is long: the INFO that a client reads when it connects, scripts that are sent whole, and answers that queue behind them. Landed
when what takes ${probeMs} ms at this rate takes that long.`,
  group: 'links',
  color: '#b8860b',
  parameters,
  defaultTarget: 'servers→primary',
  async inject(target, { rateKBps, stream }) {
    const streams = stream === 'both' ? (['upstream', 'downstream'] as const) : [stream]
    await using toxics = new AsyncDisposableStack()
    for (const link of target.links)
      for (const each of streams)
        toxics.use(await link.addToxic({ type: 'bandwidth', stream: each, attributes: { rate: rateKBps } }))
    const probes = await Promise.all(target.links.map((link) => probe(link, rateKBps)))
    const healing = toxics.move()
    return {
      // A tenth of a second passes before the toxic holds back anything.
      landed: probes.length > 0 && probes.every(({ ms }) => ms !== undefined && ms >= probeMs * 0.6),
      proof: probes.map(({ text }) => text).join(', '),
      heal: () => healing.disposeAsync(),
    }
  },
} satisfies Fault<typeof parameters>

/** ECHO says again what it is told: the same number of bytes each way. */
async function probe(link: Link, rateKBps: number): Promise<{ ms?: number; text: string }> {
  const bytes = rateKBps * probeMs
  try {
    using connection = await link.dial(dialMs)
    const answer = await connection.ask(['ECHO', 'x'.repeat(bytes)], probeTimeoutMs)
    if (!answer.ok) return { text: `${bytes} bytes through ${link.name} did not come back: ${answer.error}` }
    return { ms: answer.ms, text: `${bytes} bytes through ${link.name} took ${Math.round(answer.ms)} ms` }
  } catch (error) {
    return { text: `${link.name} cannot be dialled: ${(error as Error).message}` }
  }
}
