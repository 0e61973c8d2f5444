import type { Event, OperationEvent } from '../history/event.ts'
import { serverNames } from './analysis.ts'
import type { Capture } from './capture.ts'
import type { Entry } from './hold-book.ts'
import { shown } from './words.ts'

/** The Redis that was captured, as the timeline names it. */
const node = 'redis'

/**
 * The holds of a capture as a drill's history, so that the same page draws them: who believed to hold what, and what the node had. A holder believes until
 * its release, however late; one that was not heard of again until its lease was over.
 */
export function eventsOf(capture: Capture): Event[] {
  const serverOf = serverNames([...capture.tallies.values()])
  const startUs = capture.traffic.firstUs
  const events: Event[] = []
  capture.holds.inOrder().forEach((entry, index) => {
    const { client } = entry.hold
    // A slash ends the server's name.
    const server = serverOf(client).replaceAll('/', '∕')
    const process = server === client ? server : `${server}/${client}`
    events.push(...eventsOfHold(entry, { op: index + 1, process, at: (us) => Math.round((us - startUs) * 1000) }))
  })
  return events.toSorted((a, b) => a.t - b.t)
}

interface Setting {
  op: number
  process: string
  at: (us: number) => number
}

function eventsOfHold({ lock, hold }: Entry, { op, process, at }: Setting): Event[] {
  const key = shown(lock.key)
  const token = `${shown(hold.token)} (${op})`
  const { askedUs, grantedUs, endUs, leaseEndUs, end, ttlMs } = hold
  const said = (
    type: OperationEvent['type'],
    f: OperationEvent['f'],
    us: number,
    more: Partial<OperationEvent> = {},
  ): Event => {
    return { t: at(us), process, type, f, op, key, ...(f === 'acquire' ? {} : { grant: op }), ...more }
  }
  const lease = ttlMs === undefined ? {} : { ttlMs }
  const seen = (event: string, us: number, more: object = {}): Event => {
    return { t: at(us), process: node, type: 'info', f: 'key', event, key, ...more }
  }
  return [
    said('invoke', 'acquire', askedUs, lease),
    said('ok', 'acquire', grantedUs, { token }),
    seen('set', grantedUs),
    seen('sample', grantedUs, { value: token, pttlMs: ttlMs ?? -1 }),
    ...(end === 'open' ? [] : [seen(end === 'expired' || end === 'late' ? 'expired' : 'del', leaseEndUs)]),
    ...(end === 'released' ? [said('invoke', 'release', endUs), said('ok', 'release', endUs)] : []),
    // It came to free what was no longer its own.
    ...(endUs > leaseEndUs && end !== 'open' ? [said('invoke', 'release', endUs), said('fail', 'release', endUs)] : []),
    ...(endUs === leaseEndUs && end !== 'open' && end !== 'released' ? [said('info', 'lost', endUs)] : []),
  ]
}
