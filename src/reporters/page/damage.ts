import type { RequestEvent } from '../../history/event.ts'
import type { Events } from '../../history/event-table.ts'
import { eventsOf } from '../../history/kinds.ts'
import { overlappingPairs, holdAt, holdsOf, serverOf } from '../../checkers/holds.ts'
import type { DamageMetric } from '../../ledger/books/book.ts'
import { Markup, markup } from '../markup.ts'
import type { Report } from '../report.ts'
import { moment } from '../text.ts'
import { scrolling } from './scrolling.ts'

const damageMetrics: ReadonlySet<string> = new Set<DamageMetric>([
  'duplicates',
  'oversold',
  'negative_stock',
  'lost_updates',
  'stale_writes_accepted',
])

/** How many orders a person reads; the history has them all. */
const ordersMax = 20

/** What the ledger lost, and the orders that the history shows behind it. Nothing where there is no damage. */
export function damageTable(report: Report, events: Events): Markup | undefined {
  const findings = report.findings.filter(({ metric }) => damageMetrics.has(metric))
  if (findings.length === 0) return undefined
  const orders = ordersInvolved(events)
  return markup`<h2>Damage in the ledger</h2>
${scrolling(
  'Damage in the ledger',
  markup`<table><thead><tr><th>what</th><th class="number">how many</th><th>in the ledger's words</th></tr></thead><tbody>
${findings.map(({ metric, count, message }) => markup`<tr><td class="nowrap">${metric.replaceAll('_', ' ')}</td><td class="number">${count}</td><td class="long">${message}</td></tr>`)}
</tbody></table>`,
)}
${
  orders.rows.length > 0 &&
  markup`<h3>Orders involved</h3><p class="dim">Requests that were carried out twice, and those carried out under a lock that two held.${orders.of > orders.rows.length && ` The first ${orders.rows.length} of ${orders.of}; the others are in history.ndjson.gz.`}</p>
${scrolling(
  'Orders involved',
  markup`<table><thead><tr><th>request</th><th>why it is here</th><th>key</th><th>server</th><th class="number">answered at</th><th>lock's op</th></tr></thead><tbody>
${orders.rows.map(({ event, why }) => markup`<tr><td class="nowrap">${event.requestId}</td><td>${why}</td><td>${event.key}</td><td class="nowrap">${serverOf(event.process)}</td><td class="number">${moment(event.t / 1e6)}</td><td>${event.acquire ?? '–'}</td></tr>`)}
</tbody></table>`,
)}`
}`
}

interface Order {
  event: RequestEvent
  why: string
}

function ordersInvolved(events: Events): { rows: Order[]; of: number } {
  const holds = holdsOf(events)
  const partner = new Map<number, string>()
  overlappingPairs(holds, (first, second) => {
    const [a, b] = [holdAt(holds, first), holdAt(holds, second)]
    if (!partner.has(a.op)) partner.set(a.op, `${b.server}, op ${b.op}`)
    if (!partner.has(b.op)) partner.set(b.op, `${a.server}, op ${a.op}`)
  })
  const done = new Map<string, RequestEvent[]>()
  for (const event of eventsOf(events, 'request'))
    if (event.outcome === 'done') {
      const same = done.get(event.requestId)
      if (same) same.push(event)
      else done.set(event.requestId, [event])
    }
  const [twice, together]: [Order[], Order[]] = [[], []]
  for (const same of done.values()) {
    if (same.length > 1)
      for (const [index, event] of same.entries())
        twice.push({ event, why: `carried out ${same.length} times: no. ${index + 1}` })
    else {
      const event = same[0]!
      const other = event.acquire === undefined ? undefined : partner.get(event.acquire)
      if (other !== undefined) together.push({ event, why: `while ${other} held the lock too` })
    }
  }
  const rows = [...twice, ...together]
  return { rows: rows.slice(0, ordersMax), of: rows.length }
}
