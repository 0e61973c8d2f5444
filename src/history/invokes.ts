import type { Event, OperationEvent } from './event.ts'
import { OpTable } from './op-table.ts'

/** Where the calls of a history began. */
export interface Invokes {
  /** The index of the invoke that took this number first, if that stands before the index `at`; else -1. */
  before(op: number, at: number): number
}

const cache = new WeakMap<readonly Event[], Invokes>()

/** Once per history, O(n). */
export function invokesOf(events: readonly Event[]): Invokes {
  let invokes = cache.get(events)
  if (!invokes) cache.set(events, (invokes = build(events)))
  return invokes
}

/** A call of the lock, or a work. */
export type CallEvent = OperationEvent & { f: 'acquire' | 'extend' | 'work' | 'release' }

export const isCall = (event: Event): event is CallEvent =>
  event.f === 'acquire' || event.f === 'release' || event.f === 'extend' || event.f === 'work'

function build(events: readonly Event[]): Invokes {
  const first = new OpTable()
  for (let at = 0; at < events.length; at++) {
    const event = events[at]!
    if (event.type !== 'invoke' || !isCall(event)) continue
    if (first.get(event.op) < 0) first.set(event.op, at)
  }
  return {
    before(op, at) {
      const index = first.get(op)
      return index < at ? index : -1
    },
  }
}
