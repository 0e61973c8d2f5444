import type { Cause } from '../checkers/cause.ts'
import type { Event, KeyEvent, OperationEvent, RequestEvent } from '../history/event.ts'
import { noCall, tableOf, type Events } from '../history/event-table.ts'
import { ownerOf, removals, valueAfter, writes } from '../checkers/key-record.ts'
import { eventsOf } from '../history/kinds.ts'
import type { LogLine } from './node-logs.ts'
import { holderOf } from './page/node-leases.ts'
import { humanMs } from './text.ts'

/** A row of the table around the first violation. */
export interface Row {
  atMs: number
  who: string
  what: string
  detail: string
  /** Whether the finding rests on it. */
  involved: boolean
}

const around = 10
/** Two holds are twelve events; one that was extended often has more. */
const namedMax = 16
/** How many events of faults and nodes may stand between the operations. */
const besidesMax = 10
/** What the nodes did to the key: two holds on three nodes. */
const onNodesMax = 12
const togetherNs = 5e6
/** Of each node's log: a Sentinel talks a lot in a failover, and would leave no room for what Redis says. */
const logLinesMax = 3

/**
 * The ten operations of the key nearest to the violation, all operations of the holds that the finding names, what the nodes did to the key, and what
 * happened to nodes meanwhile, by what the drill saw and by their own logs; in the order of time. Who asked in vain is left out, unless it is the cause.
 */
export function aroundViolation(
  events: Events,
  first: { key: string; atMs: number; ops: number[] },
  causes: readonly Cause[] = [],
  logs: readonly LogLine[] = [],
): Row[] {
  const named = new Set(first.ops)
  const culprits = new Set(causes.flatMap(({ call }) => call?.op ?? []))
  const isCulprit = (event: Event) => 'op' in event && event.f !== 'fault' && culprits.has(event.op)
  const isCause = (event: Event) => event.f === 'topology' && causes.some(({ atMs }) => atMs === event.t / 1e6)
  const isNamed = (event: Event) =>
    isCulprit(event) ||
    isCause(event) ||
    ('op' in event && event.f !== 'fault' && (named.has(event.op) || ('grant' in event && named.has(event.grant!))))
  const operations = operationsOf(events, first.key)
  const atNs = first.atMs * 1e6
  const granted = new Set(
    operations.flatMap((event) => (event.f === 'acquire' && event.type === 'ok' ? [event.op] : [])),
  )
  const near = operations
    .filter((event) => event.f !== 'request' && (event.f !== 'acquire' || granted.has(event.op)))
    .toSorted((a, b) => Math.abs(a.t - atNs) - Math.abs(b.t - atNs))
    .slice(0, around)
  const chosen = new Set<Event>([
    ...near,
    ...operations.filter(isCulprit),
    ...operations.filter((event) => event.f !== 'request' && isNamed(event)).slice(0, namedMax),
  ])
  const times = [...chosen].map(({ t }) => t).concat(causes.map(({ atMs }) => atMs * 1e6))
  const [fromNs, toNs] = [Math.min(...times), Math.max(...times)]
  const besides = [...tableOf(events).others()]
    .filter(({ f, t }) => (f === 'fault' || f === 'topology') && t >= fromNs && t <= toNs)
    .toSorted((a, b) => Math.abs(a.t - atNs) - Math.abs(b.t - atNs))
  for (const event of besides.slice(0, besidesMax)) chosen.add(event)
  const logged = logs
    .filter(({ atMs }) => atMs >= fromNs / 1e6 && atMs <= toNs / 1e6)
    .toSorted((a, b) => Math.abs(a.atMs - first.atMs) - Math.abs(b.atMs - first.atMs))
  const nearest = [...Map.groupBy(logged, ({ node }) => node).values()]
    .flatMap((lines) => lines.slice(0, logLinesMax))
    .map(({ atMs, node, text }) => ({ atMs, who: node, what: 'logs', detail: text, involved: false }))
  return [...chosen]
    .map((event) => ({ atMs: event.t / 1e6, who: event.process, ...describe(event), involved: isNamed(event) }))
    .concat(onNodes(events, operations, first, causes, fromNs, toNs), nearest)
    .toSorted((a, b) => a.atMs - b.atMs)
}

/** Of one key, the requests among them. */
function operationsOf(events: Events, name: string): (OperationEvent | RequestEvent)[] {
  const table = tableOf(events)
  const key = table.keys.list.indexOf(name)
  const found: (OperationEvent | RequestEvent)[] = []
  for (let at = 0; at < table.length; at++) {
    if (table.kind[at] !== noCall) {
      if (table.key[at] === key) found.push(table.operation(at))
      continue
    }
    const event = table.other(at)
    if (event.f === 'request' && event.key === name) found.push(event)
  }
  return found
}

/** What the nodes did to the key, with whose it was where its value tells. */
function onNodes(
  events: Events,
  operations: readonly (OperationEvent | RequestEvent)[],
  { key, atMs }: { key: string; atMs: number },
  causes: readonly Cause[],
  fromNs: number,
  toNs: number,
): Row[] {
  const known = new Set([key])
  const holders = new Map<string, string>()
  for (const event of operations)
    if (event.f === 'acquire' && event.type === 'ok' && event.token)
      holders.set(event.token, `${event.process}, op ${event.op}`)
  const ofKey = eventsOf(events, 'key').filter((event) => ownerOf(event.key, known) === key && event.event !== 'left')
  const tracks = Map.groupBy(ofKey, (event) => `${event.process}\n${event.key}`)
  return [...tracks.values()]
    .flatMap((track) =>
      track.flatMap((event, index) => {
        const cause = causes.find((each) => each.node === event.process && each.atMs === event.t / 1e6)
        const isNear = event.t >= fromNs && event.t <= toNs
        if (cause === undefined && !(isNear && isTold(event, track[index - 1]))) return []
        const { call } = cause ?? {}
        const by = call && `, by its time in ${call.process}'s ${call.f}, op ${call.grant}`
        const holder = writes(event) ? holderOf(valueAfter(track, index), holders) : undefined
        return [
          {
            atMs: event.t / 1e6,
            who: event.process,
            what: event.event,
            detail: `${event.key}${holder === undefined ? '' : `, for ${holder}`}${by ?? ''}`,
            involved: cause !== undefined,
          },
        ]
      }),
    )
    .toSorted((a, b) => Number(b.involved) - Number(a.involved) || Math.abs(a.atMs - atMs) - Math.abs(b.atMs - atMs))
    .slice(0, onNodesMax)
}

/** A lease that is set with its key goes without saying; one that is set or taken away by itself does not. */
function isTold(event: KeyEvent, before: KeyEvent | undefined): boolean {
  if (event.event === 'persist') return true
  if (event.event !== 'expire') return writes(event) || removals.has(event.event)
  return before === undefined || !writes(before) || event.t - before.t > togetherNs
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
