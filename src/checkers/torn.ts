import type { Event } from '../history/event.ts'

/** Works of which the ledger may have one half and not the other: whatever the lock did, the books may be wrong. */
export interface Torn {
  /** The ledger itself failed in the middle of them (it died, or was too slow): what was asked of it may still happen later. */
  failed: number
  /** They have no end in the record: their server died, or was ended while they went on. */
  unfinished: number
  /** What the first that failed was told. */
  error: string | undefined
}

/** O(n). */
export function tornWorks(events: readonly Event[]): Torn {
  let begun = 0
  let over = 0
  let failed = 0
  let error: string | undefined
  for (const event of events) {
    if (event.f !== 'work') continue
    if (event.type === 'invoke') {
      begun++
      continue
    }
    over++
    if (event.type !== 'info') continue
    failed++
    error ??= event.error
  }
  return { failed, unfinished: Math.max(0, begun - over), error }
}
