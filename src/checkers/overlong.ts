import type { Evidence } from './checker.ts'
import { largestTtlMs } from './largest-ttl.ts'
import { removals, type Track } from './key-record.ts'
import { sceneOf } from './scene.ts'

/** A lease that reaches further than any that was asked for, and further than the one that it began with. */
export interface Overlong {
  /** The lock's name for it. */
  key: string
  node: string
  t: number
  pttlMs: number
  askedMs: number
}

/** Some commands count whole seconds. */
const secondMs = 1000
/** A lease is written in whole ms, and by the clock of another machine. */
const toleranceMs = 100

/**
 * Leases that grow while they are held: an extension that adds to what is left, or a renewal for much longer than was asked for. A PTTL is what the node itself
 * says, so that one sample is proof. A lock whose leases are longer from the beginning is another matter (lease-doubts.ts). The first of each key
 * and node; O(n).
 */
export function overlong(evidence: Evidence): Overlong[] {
  const { record, holds } = sceneOf(evidence)
  const askedMs = largestTtlMs(evidence.events)
  if (askedMs === 0) return []
  const allowedMs = Math.ceil(askedMs / secondMs) * secondMs + toleranceMs
  return record.nodes.flatMap((node) =>
    holds.keys.flatMap((key) => {
      const track = record.track(node, key)
      const first = track && firstOverlong(track, allowedMs)
      return first ? [{ key, node, askedMs, ...first }] : []
    }),
  )
}

function firstOverlong({ events }: Track, allowedMs: number): { t: number; pttlMs: number } | undefined {
  let value: string | undefined
  let begunMs = Infinity
  for (const event of events) {
    if (removals.has(event.event) || event.event === 'gap') value = undefined
    if (event.event !== 'sample' || event.value === undefined || event.pttlMs === undefined || event.pttlMs < 0)
      continue
    if (event.value !== value) [value, begunMs] = [event.value, event.pttlMs]
    else if (event.pttlMs > Math.max(allowedMs, begunMs + toleranceMs)) return { t: event.t, pttlMs: event.pttlMs }
  }
  return undefined
}
