import type { Counters, LockEvent } from './events.ts'

export const noCounts = (): Counters => ({
  acquired: 0,
  contended: 0,
  failed: 0,
  released: 0,
  releaseFailed: 0,
  renewed: 0,
  renewalFailed: 0,
  lost: 0,
  breakerOpened: 0,
  fallbacks: 0,
  queued: 0,
  attempts: 0,
  waitedMs: 0,
  heldMs: 0,
})

/** Adds one event to the counters. */
export function count(counters: Counters, event: LockEvent): void {
  switch (event.type) {
    case 'acquired':
    case 'contended':
    case 'failed':
      counters[event.type]++
      counters.attempts += event.attempts
      counters.waitedMs += event.waitedMs
      return
    case 'released':
      counters.released++
      counters.heldMs += event.heldMs
      return
    case 'release-failed':
      counters.releaseFailed++
      counters.heldMs += event.heldMs
      return
    case 'renewed':
    case 'lost':
    case 'queued':
      counters[event.type]++
      return
    case 'renewal-failed':
      counters.renewalFailed++
      return
    case 'fallback':
      counters.fallbacks++
      return
    case 'breaker':
      if (event.state === 'open') counters.breakerOpened++
  }
}
