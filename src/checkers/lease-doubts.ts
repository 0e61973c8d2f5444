import type { Evidence } from './checker.ts'
import { plural } from './damage.ts'
import type { Hold } from './holds.ts'
import { isProven } from './anchor.ts'
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
  first: { hold: Hold; livesMs: number } | undefined
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
    const livesMs = hold.ttlMs === undefined || hold.token === undefined ? undefined : leaseMs(scene, hold)
    if (livesMs === undefined) continue
    seen++
    const habits = habitsOf(hold, livesMs)
    for (const [habit, has] of [
      [endless, habits.endless],
      [long, habits.long],
      [brief, habits.brief],
    ] as const) {
      if (!has) continue
      habit.count++
      habit.first ??= { hold, livesMs }
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

/** Events after a write in which its lease comes and is sampled. */
const stepsMax = 6

/**
 * For how long the key was given, counted from the grant, on the node that gave it; of a quorum, on any that tells. What was added later, by a renewal,
 * is another question. Infinity where it had no end; undefined where no sample tells.
 */
function leaseMs(scene: Scene, hold: Hold): number | undefined {
  const nodes = scene.record.nodes.filter((node) => scene.record.track(node, hold.key) !== undefined)
  const node = grantingNode(scene, nodes, hold)
  const track = node === undefined ? undefined : scene.record.track(node, hold.key)
  const anchor = node === undefined ? undefined : scene.anchor(node, hold)
  if (track === undefined || anchor === undefined || !isProven(track, anchor, hold)) return undefined
  let endless = false
  for (const { event, t, pttlMs = -2, value } of track.events.slice(anchor, anchor + stepsMax)) {
    if (event === 'expire') endless = false
    if (event !== 'sample' || !value?.includes(hold.token!)) continue
    // One without an end may get it by the next command.
    if (pttlMs >= 0) return pttlMs + (t - hold.startNs) / 1e6
    endless = pttlMs === -1
  }
  return endless ? Infinity : undefined
}

function habitsOf({ startNs, ttlMs = 0, validUntilNs, releaseNs, extensions }: Hold, livesMs: number) {
  const claimsMs = (validUntilNs - startNs) / 1e6
  const wentOn = releaseNs !== Infinity && releaseNs > validUntilNs && extensions.length === 0
  return {
    endless: livesMs === Infinity,
    long: livesMs !== Infinity && livesMs > ttlMs * 1.5 + roundingMs,
    brief: livesMs !== Infinity && livesMs > ttlMs / 5 && claimsMs < livesMs / 2 && wentOn,
  }
}

const share = ({ count }: Habit, seen: number) => `${count} of ${plural(seen, 'grant')} that were looked at`
const asked = ({ first }: Habit) => `${duration(first!.hold.ttlMs!)} were asked for`
const lease = ({ first }: Habit) => duration(first!.livesMs)
const claim = ({ first }: Habit) => duration((first!.hold.validUntilNs - first!.hold.startNs) / 1e6)
