import type { Event } from '../history/event.ts'
import type { LogLine } from './node-logs.ts'
import { humanMs } from './text.ts'

/** A row of the table around the first violation. */
export interface Row {
  atMs: number
  who: string
  what: string
  detail: string
  /** Whether the finding names it. */
  involved: boolean
}

const around = 10
/** Two holds are twelve events; one that was extended often has more. */
const namedMax = 16
/** How many events of faults and nodes may stand between the operations. */
const besidesMax = 10
/** Of each node's log: a Sentinel talks a lot in a failover, and would leave no room for what Redis says. */
const logLinesMax = 3

/**
 * The ten operations of the key nearest to the violation, all operations of the holds that the finding names, and what happened to
 * nodes meanwhile, by what the drill saw and by their own logs; in the order of time.
 */
export function aroundViolation(
  events: readonly Event[],
  first: { key: string; atMs: number; ops: number[] },
  logs: readonly LogLine[] = [],
): Row[] {
  const named = new Set(first.ops)
  const isNamed = (event: Event) =>
    'op' in event && event.f !== 'fault' && (named.has(event.op) || ('grant' in event && named.has(event.grant!)))
  const operations = events.filter((event) => 'op' in event && event.f !== 'fault' && event.key === first.key)
  const atNs = first.atMs * 1e6
  const near = operations
    .filter((event) => event.f !== 'request')
    .toSorted((a, b) => Math.abs(a.t - atNs) - Math.abs(b.t - atNs))
    .slice(0, around)
  const chosen = new Set<Event>([
    ...near,
    ...operations.filter((event) => event.f !== 'request' && isNamed(event)).slice(0, namedMax),
  ])
  const times = [...chosen].map(({ t }) => t)
  const [fromNs, toNs] = [Math.min(...times), Math.max(...times)]
  const besides = events.filter(({ f, t }) => (f === 'fault' || f === 'topology') && t >= fromNs && t <= toNs)
  for (const event of besides.slice(0, besidesMax)) chosen.add(event)
  const logged = logs
    .filter(({ atMs }) => atMs >= fromNs / 1e6 && atMs <= toNs / 1e6)
    .toSorted((a, b) => Math.abs(a.atMs - first.atMs) - Math.abs(b.atMs - first.atMs))
  const nearest = [...Map.groupBy(logged, ({ node }) => node).values()]
    .flatMap((lines) => lines.slice(0, logLinesMax))
    .map(({ atMs, node, text }) => ({ atMs, who: node, what: 'logs', detail: text, involved: false }))
  return [...chosen]
    .map((event) => ({ atMs: event.t / 1e6, who: event.process, ...describe(event), involved: isNamed(event) }))
    .concat(nearest)
    .toSorted((a, b) => a.atMs - b.atMs)
}

const outcomes = { invoke: '', ok: 'ok', fail: 'failed', info: 'outcome unknown' }

function describe(event: Event): { what: string; detail: string } {
  switch (event.f) {
    case 'fault':
      return {
        what: `fault ${event.stage}`,
        detail: [`${event.fault} ${event.target}`, event.proof, event.error].filter(Boolean).join(': '),
      }
    case 'topology':
      return { what: event.event, detail: event.from && event.to ? `${event.from} → ${event.to}` : event.node }
    case 'acquire':
    case 'extend':
    case 'work':
    case 'release':
    case 'lost': {
      const asked = {
        acquire: 'asks for it',
        extend: 'asks for more time',
        work: 'begins its work',
        release: 'releases',
        lost: '',
      }
      const answered = {
        acquire: 'granted',
        extend: 'extended',
        work: 'work written',
        release: 'released',
        lost: 'lost',
      }
      const ended = event.type === 'ok' || event.f === 'lost' ? answered[event.f] : `${event.f} ${outcomes[event.type]}`
      const detail = [
        `op ${event.grant ?? event.op}`,
        event.ttlMs !== undefined && `ttl ${humanMs(event.ttlMs)}`,
        event.validForMs !== undefined && `valid for ${humanMs(event.validForMs)}`,
        event.token !== undefined && `token ${event.token}`,
        event.fence !== undefined && `fence ${event.fence}`,
        event.unsettled && 'no answer by its deadline',
        event.error,
      ]
      return {
        what: event.type === 'invoke' ? asked[event.f] : ended,
        detail: detail.filter((part) => part !== undefined && part !== false).join(', '),
      }
    }
    default:
      return { what: event.f, detail: '' }
  }
}
