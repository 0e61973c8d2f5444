import type { Evidence } from './checker.ts'
import { plural } from './damage.ts'
import type { Hold } from './holds.ts'
import { dueNs } from './leases.ts'
import { grantingNode, sceneOf, type Scene } from './scene.ts'
import { duration } from './words.ts'

/** Grants that are looked at: what a lock does with its leases it does to all of them. */
const sampleMax = 1000
/** A slip is no habit. */
const shareMin = 0.1
const countMin = 5
/** Some commands count whole seconds. */
const roundingMs = 1000

/** What grants had in common: how many of them, and the first. */
interface Habit {
  count: number
  first: { hold: Hold; dueNs: number } | undefined
}

/**
 * What a lock does with its leases that keeps a drill from telling anything, one sentence each.
 *
 * Keys that live much longer than was asked for, or for ever: nothing that happens at the end of a lease can be seen then. And a `validForMs` that is
 * over long before the lease is, while the work goes on: belief ends with it, and what overlaps afterwards is nobody's.
 */
export function leaseDoubts(evidence: Evidence): string[] {
  const scene = sceneOf(evidence)
  const { holds, record } = scene
  if (record.nodes.length === 0) return []
  const endless: Habit = { count: 0, first: undefined }
  const long: Habit = { count: 0, first: undefined }
  const brief: Habit = { count: 0, first: undefined }
  let seen = 0
  const step = Math.max(1, Math.floor(holds.size / sampleMax))
  for (let i = 0; i < holds.size; i += step) {
    const hold = scene.hold(i)
    const end = hold.ttlMs === undefined ? undefined : leaseEndNs(scene, hold)
    if (end === undefined) continue
    seen++
    const habits = habitsOf(hold, end)
    for (const [habit, has] of [
      [endless, habits.endless],
      [long, habits.long],
      [brief, habits.brief],
    ] as const) {
      if (!has) continue
      habit.count++
      habit.first ??= { hold, dueNs: end }
    }
  }
  const isOne = ({ count }: Habit) => count >= countMin && count >= shareMin * seen
  return [
    isOne(endless) ? `the keys of ${share(endless, seen)} had no time to live, though ${asked(endless)}: ${blind}` : '',
    isOne(long)
      ? `the keys of ${share(long, seen)} lived for ${lease(long)} and the like, though ${asked(long)}: ${blind}`
      : '',
    isOne(brief)
      ? `${share(brief, seen)} claimed to be valid for ${claim(brief)} and the like (validForMs), though their keys lived for ${lease(brief)}, and the work went on: an overlap after that counts as nobody's`
      : '',
  ].filter(Boolean)
}

const blind = 'what happens at the end of a lease, and after a crash, this drill could not see'

/** The node's that gave it; of a quorum, that of any node that tells. Infinity where it had none. */
function leaseEndNs(scene: Scene, hold: Hold): number | undefined {
  const nodes = scene.record.nodes.filter((node) => scene.record.track(node, hold.key) !== undefined)
  const node = grantingNode(scene, nodes, hold)
  const end = node === undefined ? undefined : dueNs(scene, node, hold)
  // Infinity also tells that the last word was not sampled: only a sample without an end proves that there is none.
  if (end !== Infinity || node === undefined) return end
  const { events } = scene.record.track(node, hold.key)!
  const sample = events.slice(scene.anchor(node, hold), (scene.anchor(node, hold) ?? 0) + 6)
  const bare = sample.some(({ event, pttlMs }) => event === 'sample' && pttlMs === -1)
  return bare && !sample.some(({ event, pttlMs }) => event === 'expire' || (pttlMs ?? -1) >= 0) ? Infinity : undefined
}

function habitsOf(hold: Hold, end: number) {
  const { startNs, ttlMs = 0, validUntilNs, releaseNs, extensions } = hold
  const leaseMs = (end - startNs) / 1e6
  const renewals = extensions.length > 0
  return {
    endless: end === Infinity,
    long: end !== Infinity && !renewals && leaseMs > ttlMs * 1.5 + roundingMs,
    brief:
      end !== Infinity &&
      !renewals &&
      validUntilNs - startNs < (end - startNs) / 2 &&
      leaseMs > ttlMs / 5 &&
      releaseNs !== Infinity &&
      releaseNs > validUntilNs,
  }
}

const share = ({ count }: Habit, seen: number) => `${count} of ${plural(seen, 'grant')} that were looked at`
const asked = ({ first }: Habit) => `${duration(first!.hold.ttlMs!)} were asked for`
const lease = ({ first }: Habit) => duration((first!.dueNs - first!.hold.startNs) / 1e6)
const claim = ({ first }: Habit) => duration((first!.hold.validUntilNs - first!.hold.startNs) / 1e6)
