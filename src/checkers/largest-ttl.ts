import { callOf, tableOf, type Events } from '../history/event-table.ts'

const cache = new WeakMap<Events, number>()

/** The largest time to live that was asked for, by an acquire or an extension; 0 where none was. Once per history, O(n). */
export function largestTtlMs(events: Events): number {
  let largest = cache.get(events)
  if (largest !== undefined) return largest
  largest = 0
  const table = tableOf(events)
  for (let at = 0; at < table.length; at++) {
    const call = callOf(table.kind[at]!)
    if (call !== 'acquire' && call !== 'extend') continue
    const { ttlMs } = table.uncommon(at)
    if (ttlMs !== undefined && ttlMs > largest) largest = ttlMs
  }
  cache.set(events, largest)
  return largest
}
