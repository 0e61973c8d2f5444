import type { Links } from '../links/links.ts'
import type { Cluster } from './topology.ts'

const pingTimeoutMs = 2_000

/**
 * What of a topology does not stand though no fault is on any more, one sentence each: a node or a proxy that died by itself in the
 * middle of a drill looks, from a lock, like a fault that nobody planned.
 */
export async function fallen({ redis, sentinels }: Cluster, links: Links): Promise<string[]> {
  const states = await Promise.all(
    [...redis, ...sentinels].map(async (node) => ({ name: node.name, state: await node.state() })),
  )
  const down = states.filter(({ state }) => state !== 'up')
  const pings = await Promise.all(
    links
      .all()
      .filter(({ to }) => !down.some(({ name }) => name === to))
      .map(async (link) => ({ name: link.name, pong: await link.ping(pingTimeoutMs) })),
  )
  const closed = pings.flatMap(({ name, pong }) => (pong.ok ? [] : [`${name} (${pong.error})`]))
  return [
    ...down.map(({ name, state }) => `${name} was ${state} at the end of the drill; its log: logs/${name}.log`),
    ...(closed.length > 0
      ? [`at the end of the drill nothing passed through ${closed.join(', ')}; log: logs/toxiproxy.log`]
      : []),
  ]
}
