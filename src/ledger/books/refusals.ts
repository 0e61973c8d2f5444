import type { Book } from './book.ts'

/** What the guard `fenced` turned away, of whatever workload: no damage, but damage that a fence has prevented. */
export const refusals = {
  entries: 'refusals',
  damage: {
    stale_writes_refused: `
      SELECT 1 AS amount, array[request_id] AS requests,
             format('a write to %s with fence %s was refused', resource, fence) AS what
      FROM refusals`,
  },
} satisfies Book
