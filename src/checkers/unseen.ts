import type { Hold } from './holds.ts'
import { readLagNs } from '../history/lag.ts'
import { writes } from './key-record.ts'
import type { Scene } from './scene.ts'

/** What a node may have done while nobody watched it. */

/**
 * A node that fell silent this shortly before a grant may have given it unseen: its answer was read that much later. Likewise shortly after it: what
 * was on its way to the observer is lost with the connection, and the silence is read late.
 */
const lastWordsNs = readLagNs
/** Sentinel announces a promotion when it is done, this much later at most. */
export const announcementNs = 5e9
/** The observer is back on a node within this time of the node being back. */
export const reconnectNs = 500e6

/**
 * Whether the node may have given a grant that its record does not show: the observer was behind, and events are lost with a connection or are
 * taken for those of another moment; or the node fell silent just before, or only the observer's connection was
 * broken, or the node was back before the observer was. A node that stays away for longer gave nothing.
 */
export function mayHaveGrantedUnseen(scene: Pick<Scene, 'record'>, node: string, hold: Hold): boolean {
  const { delays, gaps } = scene.record
  if (delays(node).some(({ fromNs, toNs }) => fromNs <= hold.startNs && toNs >= hold.invokeNs)) return true
  return gaps(node).some(({ fromNs, toNs, restarted }) => {
    if (fromNs > hold.startNs + lastWordsNs || toNs < hold.invokeNs) return false
    if (fromNs >= hold.startNs - lastWordsNs) return true
    if (toNs === Infinity) return false
    return !restarted || toNs <= hold.startNs + reconnectNs
  })
}

/**
 * The observer of a replica that is promoted loses its connection at that moment. What was granted elsewhere afterwards cannot have been replicated;
 * nor can the key have been there where the observer was back, asked for all keys, and saw it written anew.
 */
export function cannotHaveIt(
  scene: Scene,
  nodeA: string,
  nodeB: string,
  a: Hold,
  b: Hold,
  promotedNs: number | undefined,
): boolean {
  if (promotedNs === undefined || promotedNs <= a.startNs) return false
  const granted = scene.record.track(nodeA, a.key)?.events[scene.anchor(nodeA, a)!]
  const taken = scene.record.track(nodeB, b.key)?.events[scene.anchor(nodeB, b)!]
  return scene.record.gaps(nodeB).some(({ fromNs, toNs, restarted }) => {
    if (fromNs > a.startNs + lastWordsNs || toNs < a.startNs) return false
    const byPromotion = !restarted && fromNs <= promotedNs && fromNs >= promotedNs - announcementNs
    if (byPromotion && granted !== undefined && granted.t > fromNs) return true
    return taken !== undefined && writes(taken) && taken.t > toNs + readLagNs
  })
}

/** Whether what the node had of the grant's key when it was given was not seen. */
export function missedReplication(scene: Scene, node: string, hold: Hold): boolean {
  return scene.record
    .gaps(node)
    .some(({ fromNs, toNs }) => fromNs <= hold.startNs + lastWordsNs && toNs >= hold.startNs)
}
