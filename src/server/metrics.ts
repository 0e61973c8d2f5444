import type { Shop } from './order.ts'

/** What GET /metrics says: Prometheus' text format. The library is loaded by the first who asks. */
export async function metricsText({ tally, server, discipline }: Shop): Promise<{ contentType: string; text: string }> {
  const { default: prometheus } = await import('prom-client')
  const registry = new prometheus.Registry()
  registry.setDefaultLabels({ server, guard: discipline.guard })
  const registers = [registry]

  const requests = new prometheus.Counter({
    name: 'picklock_requests_total',
    help: 'Answered requests by outcome.',
    labelNames: ['outcome'],
    registers,
  })
  for (const [outcome, count] of Object.entries(tally.outcomes)) requests.inc({ outcome }, count)

  const calls = new prometheus.Counter({
    name: 'picklock_lock_calls_total',
    help: 'Calls on the lock: grants, contended acquires, extensions and releases begun.',
    labelNames: ['call'],
    registers,
  })
  for (const call of ['acquired', 'contended', 'extending', 'releasing'] as const)
    calls.inc({ call }, tally.totals[call])

  new prometheus.Gauge({
    name: 'picklock_locks_held',
    help: 'Keys that this server believes to hold now.',
    registers,
  }).set(tally.holding.length)
  new prometheus.Counter({
    name: 'picklock_unhandled_errors_total',
    help: 'Errors that the lock threw outside of any call.',
    registers,
  }).inc(tally.unhandled)
  return { contentType: registry.contentType, text: await registry.metrics() }
}
