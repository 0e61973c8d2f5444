import { once } from 'node:events'
import { createServer } from 'node:http'
import { isIP, type AddressInfo } from 'node:net'
import prometheus from 'prom-client'
import { EnvironmentError, UsageError } from '../lib/failure.ts'
import type { Back, Look, Lost } from './watch.ts'

export interface Endpoint extends AsyncDisposable {
  url: string
  look(look: Look): void
  lost(lost: Lost): void
  back(back: Back): void
}

const loopback = '127.0.0.1'

/** `:9121`, `9121`, `0.0.0.0:9121`, `[::1]:9121`; loopback where no address is named. */
export function parseListen(text: string): { host: string; port: number } {
  const [, v6, host, port] = /^(?:(?:\[([0-9a-f:]+)\]|([^:[\]]*)):)?(\d{1,5})$/i.exec(text) ?? []
  const named = v6 ?? host ?? ''
  if (port === undefined || Number(port) > 65_535 || (named !== '' && named !== 'localhost' && isIP(named) === 0))
    throw new UsageError(`--metrics ${text} is no address to listen on: :9121 for loopback, or 0.0.0.0:9121`)
  return { host: named === '' ? loopback : named, port: Number(port) }
}

/** What was looked at last, for Prometheus. */
export async function serveMetrics({ host, port }: { host: string; port: number }): Promise<Endpoint> {
  const registry = new prometheus.Registry()
  const gauge = (name: string, help: string) =>
    new prometheus.Gauge({ name: `picklock_watch_${name}`, help, labelNames: ['node'], registers: [registry] })
  const connected = gauge('connected', '1, or 0 while the connection is lost and the other figures are old.')
  const locks = gauge('locks', 'Locks that are there.')
  const withoutTtl = gauge('locks_without_ttl', 'Locks that never expire.')
  const used = gauge('memory_used_bytes', 'used_memory of INFO.')
  const limit = gauge('memory_limit_bytes', 'maxmemory, or the memory of the machine where that is not set.')
  const growth = gauge('memory_growth_bytes_per_second', 'By a line through the last two minutes.')
  const left = gauge('memory_left_seconds', 'Until the limit at this growth; absent where it does not grow.')
  const events = new prometheus.Counter({
    name: 'picklock_watch_lock_events_total',
    help: 'What became of locks since the watch began; expired: never given back; unseen: gone while the connection was lost.',
    labelNames: ['node', 'event'],
    registers: [registry],
  })
  const server = createServer((request, response) => {
    if (request.url !== '/metrics') return void response.writeHead(404).end('the metrics are at /metrics\n')
    void registry.metrics().then((text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text))
  })
  server.listen(port, host)
  await once(server, 'listening').catch((error: NodeJS.ErrnoException) => {
    throw new EnvironmentError(
      `--metrics cannot listen on ${host}:${port}: ${error.code === 'EADDRINUSE' ? 'something else does' : error.message}`,
    )
  })
  const seen: Record<string, number> = {}
  let last: string | undefined
  const address = server.address() as AddressInfo
  return {
    url: `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}/metrics`,
    lost: ({ node }) => connected.set({ node }, 0),
    // After a failover the node is another, and the old one’s figures are nobody’s.
    back({ node }) {
      if (node !== last) for (const each of [connected, locks, withoutTtl, used, limit, growth, left]) each.reset()
    },
    look({ node, memory, counts, ...look }) {
      last = node
      connected.set({ node }, 1)

      const known = (of: prometheus.Gauge<'node'>, value: number | undefined) =>
        value === undefined || Number.isNaN(value) ? of.remove({ node }) : of.set({ node }, value)
      known(locks, look.locks)
      known(withoutTtl, look.withoutTtl)
      known(used, memory.usedBytes)
      known(limit, memory.limitBytes)
      known(growth, memory.bytesPerSecond)
      known(left, memory.leftMs === undefined ? undefined : memory.leftMs / 1000)
      for (const [event, count] of Object.entries(counts)) {
        events.inc({ node, event }, count - (seen[event] ?? 0))
        seen[event] = count
      }
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
