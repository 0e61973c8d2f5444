import type { OperationEvent } from '../history/event.ts'
import type { Checker, Finding } from './checker.ts'
import { damageFinding, plural } from './damage.ts'
import { holdsOf } from './holds.ts'
import { seconds } from './words.ts'

/** Exact at any size: numbers while they are safe, bigints beyond; JavaScript compares the two exactly. */
type Fence = number | bigint

/**
 * A grant's fence has to exceed every fence that was granted on its key before its acquire was invoked; of two acquires that
 * overlap, either may come first. O(n log n).
 */
export const fence = {
  name: 'fence',
  title: 'A fence that does not exceed an earlier one of its key, or a lower one that the ledger accepted',
  metrics: ['fence_violations'],
  check(evidence) {
    const { events } = evidence
    const { size, okAt, invokeAt, startNs, keyOf, keys } = holdsOf(events)
    /** Per key the grants that raised its fence, as indices of holds: they rise in time and in fence. */
    const raised: number[][] = keys.map(() => [])
    const violations: Violation[] = []
    const grant = (hold: number) => events[okAt[hold]!] as OperationEvent
    let lastOkAt = -1
    for (let i = 0; i < size; i++) {
      const event = grant(i)
      if (event.fence === undefined || okAt[i]! <= lastOkAt) continue
      lastOkAt = okAt[i]!
      const value = parse(event.fence)
      if (value === undefined) {
        violations.push({ event, earlier: undefined })
        continue
      }
      const granted = raised[keyOf[i]!]!
      const before = lastBefore(granted, startNs, events[invokeAt[i]!]?.t ?? event.t)
      if (before !== undefined && value <= parse(grant(before).fence!)!)
        violations.push({ event, earlier: grant(before) })
      const highest = granted.at(-1)
      if (highest === undefined || value > parse(grant(highest).fence!)!) granted.push(i)
    }

    const accepted = damageFinding('stale_writes_accepted', evidence, 'their fence is lower than one that it had seen')
    return [
      ...summary(violations),
      ...accepted.map((finding) => ({ ...finding, checker: 'fence', metric: 'fence_violations' })),
    ]
  },
} satisfies Checker

interface Violation {
  event: OperationEvent
  /** The grant whose fence it does not exceed; none where its own is no integer. */
  earlier: OperationEvent | undefined
}

function summary(violations: readonly Violation[]): Finding[] {
  const [first] = violations
  if (!first) return []
  const { event, earlier } = first
  const what = earlier
    ? `got ${event.fence}, though ${earlier.process} had been granted ${earlier.fence} at ${seconds(earlier.t)}, before that acquire began`
    : `got "${event.fence}", which is no integer`
  return [
    {
      checker: 'fence',
      metric: 'fence_violations',
      count: violations.length,
      message: `${plural(violations.length, 'grant')} whose fence does not exceed an earlier one; the first at ${seconds(event.t)}: ${event.process} on ${event.key} ${what}`,
      first: { key: event.key, atMs: event.t / 1e6, ops: earlier ? [earlier.op, event.op] : [event.op] },
    },
  ]
}

/** The last of the grants before `t`. */
function lastBefore(granted: readonly number[], startNs: Float64Array, t: number): number | undefined {
  let low = 0
  let high = granted.length
  // Without contention it is the newest.
  if (high > 0 && startNs[granted[high - 1]!]! < t) return granted[high - 1]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (startNs[granted[middle]!]! < t) low = middle + 1
    else high = middle
  }
  return granted[low - 1]
}

function parse(text: string): Fence | undefined {
  if (!/^-?\d+$/.test(text)) return undefined
  return text.length <= 15 ? Number(text) : BigInt(text)
}
