import type { OperationEvent } from '../history/event.ts'
import type { Checker, Finding } from './checker.ts'
import { damageFinding, plural } from './damage.ts'
import { holdsOf } from './holds.ts'
import { seconds } from './words.ts'

/** Exact at any size: numbers while they are safe, bigints beyond; JavaScript compares the two exactly. */
type Fence = number | bigint

/** The highest fence that was granted on a key so far, and by whom, in the order of the grants. */
interface Granted {
  t: number
  highest: Fence
  by: OperationEvent
}

/**
 * A grant's fence has to exceed every fence that was granted on its key before its acquire was invoked; of two acquires that
 * overlap, either may come first. O(n log n).
 */
export const fence = {
  name: 'fence',
  title: 'A fence that does not exceed an earlier one of its key, or a lower one that the ledger accepted',
  metrics: ['fence_violations'],
  check({ events, damage }) {
    const { size, okAt, invokeAt } = holdsOf(events)
    const byKey = new Map<string, Granted[]>()
    const violations: { event: OperationEvent; earlier: OperationEvent | undefined }[] = []
    let lastOkAt = -1
    for (let i = 0; i < size; i++) {
      const event = events[okAt[i]!] as OperationEvent
      if (event.fence === undefined || okAt[i]! <= lastOkAt) continue
      lastOkAt = okAt[i]!
      const value = parse(event.fence)
      if (value === undefined) {
        violations.push({ event, earlier: undefined })
        continue
      }
      let granted = byKey.get(event.key)
      if (!granted) byKey.set(event.key, (granted = []))
      const before = lastBefore(granted, events[invokeAt[i]!]?.t ?? event.t)
      if (before && value <= before.highest) violations.push({ event, earlier: before.by })
      const highest = granted.at(-1)
      if (!highest || value > highest.highest) granted.push({ t: event.t, highest: value, by: event })
    }

    const accepted = damageFinding(
      'stale_writes_accepted',
      damage,
      (count) => `the ledger accepted ${plural(count, 'write')} with a lower fence than one it had seen`,
    )
    return [
      ...summary(violations),
      ...accepted.map((finding) => ({ ...finding, checker: 'fence', metric: 'fence_violations' })),
    ]
  },
} satisfies Checker

function summary(violations: { event: OperationEvent; earlier: OperationEvent | undefined }[]): Finding[] {
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

/** `granted` grows in time and in fence; the last entry before `t`. */
function lastBefore(granted: readonly Granted[], t: number): Granted | undefined {
  let low = 0
  let high = granted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (granted[middle]!.t < t) low = middle + 1
    else high = middle
  }
  return granted[low - 1]
}

function parse(text: string): Fence | undefined {
  if (!/^-?\d+$/.test(text)) return undefined
  return text.length <= 15 ? Number(text) : BigInt(text)
}
