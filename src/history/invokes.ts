import { kindOf, tableOf, type Events } from './event-table.ts'
import { OpTable } from './op-table.ts'

/** Where the calls of a history began. */
export interface Invokes {
  /** The index of the invoke that took this number first, if that stands before the index `at`; else -1. */
  before(op: number, at: number): number
}

const cache = new WeakMap<Events, Invokes>()

/** Once per history, O(n). */
export function invokesOf(events: Events): Invokes {
  let invokes = cache.get(events)
  if (!invokes) cache.set(events, (invokes = build(events)))
  return invokes
}

/** Kinds with which a call, or a work, begins. */
export const beginnings = new Set((['acquire', 'extend', 'work', 'release'] as const).map((f) => kindOf(f, 'invoke')))

function build(events: Events): Invokes {
  const first = new OpTable()
  const { length, kind, op } = tableOf(events)
  for (let at = 0; at < length; at++) if (beginnings.has(kind[at]!) && first.get(op[at]!) < 0) first.set(op[at]!, at)
  return {
    before(op, at) {
      const index = first.get(op)
      return index < at ? index : -1
    },
  }
}
