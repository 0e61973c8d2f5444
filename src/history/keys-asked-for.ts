import { callOf, tableOf, type Events } from './event-table.ts'

/** Of all acquires, in the order in which they were first asked for: a key that was never granted may have a lease all the same. O(n) */
export function keysAskedFor(events: Events): string[] {
  const { length, kind, key, keys } = tableOf(events)
  const asked = new Set<number>()
  for (let at = 0; at < length; at++) if (callOf(kind[at]!) === 'acquire') asked.add(key[at]!)
  return Array.from(asked, (number) => keys.list[number]!)
}
