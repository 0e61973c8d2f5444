import type { OperationEvent } from '../history/event.ts'
import { tableOf } from '../history/event-table.ts'
import type { Checker, Finding } from './checker.ts'
import { damageFinding, plural } from './damage.ts'
import { holdsOf } from './holds.ts'
import { seconds } from './words.ts'
import { partitionPoint } from '../lib/partition-point.ts'

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
    const raised: { holds: number[]; fences: Fence[] }[] = keys.map(() => ({ holds: [], fences: [] }))
    const violations: Violation[] = []
    const table = tableOf(events)
    const grant = (hold: number) => table.operation(okAt[hold]!)
    let lastOkAt = -1
    for (let i = 0; i < size; i++) {
      const at = okAt[i]!
      const fence = table.fence(at)
      if (fence === undefined || at <= lastOkAt) continue
      lastOkAt = at
      const value = parse(fence)
      if (value === undefined) {
        violations.push({ event: grant(i), earlier: undefined })
        continue
      }
      const granted = raised[keyOf[i]!]!
      const before = lastBefore(granted.holds, startNs, table.t[invokeAt[i]!] ?? table.t[at]!)
      if (before >= 0 && value <= granted.fences[before]!)
        violations.push({ event: grant(i), earlier: grant(granted.holds[before]!) })
      const highest = granted.fences.at(-1)
      if (highest !== undefined && value <= highest) continue
      granted.holds.push(i)
      granted.fences.push(value)
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

/** The index of the last of the grants before `t`; -1 where there is none. */
function lastBefore(granted: readonly number[], startNs: Float64Array, t: number): number {
  const last = granted.length - 1
  // So it is without contention.
  if (last < 0 || startNs[granted[last]!]! < t) return last
  return partitionPoint(last, (index) => startNs[granted[index]!]! < t) - 1
}

function parse(text: string | number): Fence | undefined {
  if (typeof text === 'number') return text
  if (!/^-?\d+$/.test(text)) return undefined
  return text.length <= 15 ? Number(text) : BigInt(text)
}
