import { callsOf, culpritsAt, doing, type Call } from './calls.ts'
import { causeOf, isReadLate } from './cause.ts'
import type { Checker, Evidence } from './checker.ts'
import { plural } from './damage.ts'
import { leaseEndNs } from './fate.ts'
import { serverOf, type Hold, type Holds } from './holds.ts'
import { isProven } from './anchor.ts'
import { readLagNs } from '../history/lag.ts'
import { lastUpTo, removals, writes, type Delay, type Track } from './key-record.ts'
import { grantingNode, primaryAt, sceneOf, type Scene } from './scene.ts'
import { seconds } from './words.ts'

/** A holder's key that went, on one node, before the holder let go of it. */
interface Taking {
  node: string
  t: number
  how: 'deleted' | 'overwritten' | 'moved'
}

/**
 * Holds whose key was deleted, overwritten or moved on its node while the holder believed in it and had not begun to release, at a moment when
 * somebody else's call may have done it. What the lock answered does not matter. A failover, a moved clock and a flush explain it otherwise,
 * the holder's own extension or its `lost` likewise, and what the record does not tell is no finding. In a quorum the holder
 * must have been left without its majority. O(n log n).
 */
export const foreignReleases = {
  name: 'foreign_releases',
  title: "A holder's key that somebody else's call took away on its node, whatever the lock answered",
  metrics: ['foreign_releases'],
  check(evidence) {
    const scene = sceneOf(evidence)
    const { holds } = scene
    if (scene.record.nodes.length === 0) return []
    const grants = new Set<number>()
    let first: { hold: Hold; takings: Taking[]; culprits: [Call, ...Call[]] } | undefined
    for (let i = 0; i < holds.size; i++) {
      if (holds.endNs[i]! <= holds.startNs[i]!) continue
      const hold = scene.hold(i)
      const takings = takingsOf(evidence, scene, hold)
      if (takings.length === 0) continue
      const calls = callsOf(evidence.events)
      const { t } = takings[0]!
      const lostNs = calls.lostNs(hold.op) ?? Infinity
      const [culprit, ...more] = culpritsAt(calls, hold, t)
      if (culprit === undefined || (lostNs - t < readLagNs && culprit.f !== 'release')) continue
      grants.add(hold.op)
      first ??= { hold, takings, culprits: [culprit, ...more] }
    }
    if (!first) return []
    const { hold, takings, culprits } = first
    const [{ t, how }] = takings as [Taking]
    const nodes = takings.map(({ node }) => node).join(' and ')
    const holder = culprits.some(({ process }) => serverOf(process) === hold.server) ? hold.process : hold.server
    const nextNs = nextGrantNs(holds, hold, t)
    // What was read after the next grant may have been done before it: then whoever was not under way before it did not.
    const before = culpritsAt(callsOf(evidence.events), hold, t, Math.min(t, nextNs))
    const late = isReadLate(t, nextNs) || !culprits.every((call) => before.includes(call))
    const known = late ? [] : culprits
    const ops = known.length === 1 ? [culprits[0].op] : []
    return [
      {
        checker: 'foreign_releases',
        metric: 'foreign_releases',
        count: grants.size,
        message:
          `${plural(grants.size, 'hold')} lost the key to somebody else's call; the first at ${seconds(t)}: ${holder} held ${hold.key} from ${seconds(hold.startNs)}, ` +
          `and its key on ${nodes} was ${how}${late ? '; that was told late, and whose call it was is not known' : ` ${doing(culprits, hold, t)}`}`,
        first: { key: hold.key, atMs: t / 1e6, ops: [hold.op, ...ops] },
        causes: takings.map((taking) => causeOf(taking.node, taking.t, `${holder}'s key ${taking.how}`, known)),
      },
    ]
  },
} satisfies Checker

/** The next grant of the key after the hold's own, if it began before that moment, else Infinity: what made it possible was done before it. */
function nextGrantNs({ size, startNs, keyOf, keys }: Holds, hold: Hold, t: number): number {
  for (let i = hold.index + 1; i < size && startNs[i]! < t; i++) if (keys[keyOf[i]!] === hold.key) return startNs[i]!
  return Infinity
}

function takingsOf({ plan }: Evidence, scene: Scene, hold: Hold): Taking[] {
  const nodes = scene.record.nodes.filter((node) => scene.record.track(node, hold.key) !== undefined)
  if (plan.topology.kind !== 'redlock') {
    const node = grantingNode(scene, nodes, hold)
    const taking = node === undefined ? undefined : takingOn(scene, node, hold)
    return taking ? [taking] : []
  }
  const votes = nodes.filter((node) => scene.anchor(node, hold) !== undefined)
  const takings = votes.flatMap((node) => takingOn(scene, node, hold) ?? [])
  const majority = Math.floor(plan.topology.nodes / 2) + 1
  if (votes.length < majority || votes.length - takings.length >= majority) return []
  return takings.toSorted((a, b) => a.t - b.t)
}

function takingOn(scene: Scene, node: string, hold: Hold): Taking | undefined {
  const track = scene.record.track(node, hold.key)!
  const untilNs = Math.min(hold.endNs, hold.releaseNs)
  const taking =
    hold.token === undefined
      ? unmarked(track, hold, untilNs, scene.record.delays(node))
      : marked(scene, track, hold, untilNs)
  if (taking === undefined) return undefined
  const { incidents } = scene
  const explained =
    // A demoted primary does what the new one did.
    (scene.sentinel && primaryAt(scene, taking.t) !== node) ||
    incidents.switches.some(({ t }) => t > hold.startNs && t <= taking.t + readLagNs) ||
    ['clock-jump', 'flush'].some(
      (fault) => incidents.faultNs(fault, node, hold.startNs, taking.t + readLagNs) !== undefined,
    )
  return explained ? undefined : taking
}

/** The key had the holder's token, and a sample proves it. */
function marked(scene: Scene, track: Track, hold: Hold, untilNs: number): Taking | undefined {
  const anchor = scene.anchor(track.node, hold)
  if (anchor === undefined || !isProven(track, anchor, hold)) return undefined
  const loss = scene.loss(track.node, hold)
  if (loss === undefined || loss.t >= untilNs) return undefined
  if (loss.kind !== 'deleted' && loss.kind !== 'moved' && loss.kind !== 'overwritten') return undefined
  // What goes before the answer is there may be an earlier try of the same call, taken back.
  if (loss.kind === 'deleted' && loss.t < hold.startNs) return undefined
  return { node: track.node, t: loss.t, how: loss.kind }
}

/**
 * No token tells whose the key was. Then only a deletion proves something that came well after the grant, and only where the last write before
 * it was in the time of the holder's acquire, and the observer was not behind.
 */
function unmarked({ node, events }: Track, hold: Hold, untilNs: number, delays: readonly Delay[]): Taking | undefined {
  for (let at = lastUpTo(events, hold.startNs + readLagNs) + 1; at < events.length; at++) {
    const event = events[at]!
    if (event.t >= untilNs || event.t >= leaseEndNs(hold)) return undefined
    if (writes(event) || event.event === 'gap') return undefined
    if (!removals.has(event.event)) continue
    if (event.event !== 'del') return undefined
    let before = at - 1
    while (before >= 0 && !writes(events[before]!)) before--
    const written = events[before]
    const ours = written !== undefined && written.t >= hold.invokeNs && written.t <= hold.startNs + readLagNs
    const late = delays.some(({ fromNs, toNs }) => fromNs <= event.t && toNs >= hold.invokeNs)
    return ours && !late ? { node, t: event.t, how: 'deleted' } : undefined
  }
  return undefined
}
