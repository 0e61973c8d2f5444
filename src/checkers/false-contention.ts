import type { KeyEvent, OperationEvent } from '../history/event.ts'
import { kindOf, tableOf, type Events } from '../history/event-table.ts'
import { callsOf, type Call } from './calls.ts'
import type { Checker } from './checker.ts'
import { couldHold } from './could-hold.ts'
import { plural } from './damage.ts'
import { lastUpTo, removals } from './key-record.ts'
import { largestTtlMs } from './largest-ttl.ts'
import { primaryAt, sceneOf, type Scene } from './scene.ts'
import { duration, seconds } from './words.ts'

/** A lock that looks this rarely whether the key is free has missed that it is. */
const freeAtLeastNs = 1e9

/**
 * Acquires that were refused for certain although nobody can have held the key: while they waited, or for the last second of it. Where a
 * lease was on the node all the same, it is an orphan of a call that came to nothing; it counts unless some call on that key is in doubt, or
 * the node was restarted, switched or unseen in the length of a lease before. O(n log n).
 */
export const falseContention = {
  name: 'false_contention',
  title: 'An acquire that was refused as contended while nobody can have held the key',
  metrics: ['false_contention'],
  check(evidence) {
    const { events, plan } = evidence
    const refused = refusals(events)
    if (refused.length === 0) return []
    const calls = callsOf(events)
    const leaseMs = largestTtlMs(events)
    const holders = couldHold(events, calls, leaseMs)
    const byOp = new Map<number, Call>()
    for (const key of new Set(refused.map((event) => event.key)))
      for (const call of calls.ofKey(key)) if (call.f === 'acquire') byOp.set(call.op, call)
    let count = 0
    let first: { call: Call; event: OperationEvent; freeNs: number } | undefined
    for (const event of refused) {
      const call = byOp.get(event.op)
      if (call === undefined) continue
      const sinceNs = Math.max(call.invokeNs, holders.freeSinceNs(event.key, event.t))
      if (sinceNs > event.t) continue
      if (sinceNs > call.invokeNs && event.t - sinceNs < freeAtLeastNs) continue
      if (plan.topology.kind !== 'redlock') {
        const scene = sceneOf(evidence)
        const explained =
          isLeased(scene, event.key, sinceNs, event.t) &&
          (holders.isDoubtful(event.key, event.t) || isUnsettled(scene, sinceNs - leaseMs * 1e6, event.t))
        if (explained) continue
      }
      count++
      first ??= { call, event, freeNs: event.t - sinceNs }
    }
    if (!first) return []
    const { call, event, freeNs } = first
    return [
      {
        checker: 'false_contention',
        metric: 'false_contention',
        count,
        message:
          `${plural(count, 'acquire')} ${count === 1 ? 'was' : 'were'} refused though nobody can have held the key; the first at ${seconds(event.t)}: ${event.process} asked for ${event.key} at ${seconds(call.invokeNs)}, ` +
          `and nobody had held it for the last ${duration(freeNs / 1e6)} when it was refused`,
        first: { key: event.key, atMs: event.t / 1e6, ops: [event.op] },
      },
    ]
  },
} satisfies Checker

const failed = kindOf('acquire', 'fail')

function refusals(events: Events): OperationEvent[] {
  const table = tableOf(events)
  const found: OperationEvent[] = []
  for (let at = 0; at < table.length; at++)
    if (table.kind[at] === failed && table.rest(at).error === 'contended') found.push(table.operation(at))
  return found
}

/** Whether the lock's key was on the primary at some moment of the window. */
function isLeased(scene: Scene, key: string, fromNs: number, toNs: number): boolean {
  const events = scene.record.track(scene.sentinel ? primaryAt(scene, toNs) : scene.record.nodes[0]!, key)?.events
  if (events === undefined) return false
  const last = events[lastUpTo(events, toNs)]
  // One that went within the window was there before.
  return last !== undefined && (!removes(last) || last.t >= fromNs)
}

const removes = ({ event, pttlMs }: KeyEvent) => removals.has(event) || (event === 'sample' && pttlMs === -2)

/** Whether who has a lease there, and for how long, may be another story than that of the calls. */
function isUnsettled({ record, incidents }: Scene, fromNs: number, toNs: number): boolean {
  return (
    incidents.switches.some(({ t }) => t >= fromNs && t <= toNs) ||
    record.nodes.some((node) => record.gaps(node).some((gap) => gap.fromNs <= toNs && gap.toNs >= fromNs))
  )
}
