import type { Event } from '../history/event.ts'
import { eventsOf } from '../history/kinds.ts'

const cache = new WeakMap<readonly Event[], number>()

/** The largest time to live that was asked for, by an acquire or an extension; 0 where none was. Once per history, O(n). */
export function largestTtlMs(events: readonly Event[]): number {
  let largest = cache.get(events)
  if (largest !== undefined) return largest
  largest = 0
  for (const kind of ['acquire', 'extend'] as const)
    for (const { ttlMs } of eventsOf(events, kind)) if (ttlMs !== undefined && ttlMs > largest) largest = ttlMs
  cache.set(events, largest)
  return largest
}
