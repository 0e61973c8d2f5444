import type { Events } from '../history/event-table.ts'
import type { Evidence } from './checker.ts'
import { lossOf, type Loss } from './fate.ts'
import { holdAt, holdsOf, type Hold, type Holds } from './holds.ts'
import { incidentsOf, type Incidents } from './incidents.ts'
import { anchorOf, isProven } from './anchor.ts'
import { keyRecord, type KeyRecord } from './key-record.ts'
import { keysAskedFor } from '../history/keys-asked-for.ts'
import { partitionPoint } from '../lib/partition-point.ts'

/**
 * What was believed beside what the nodes did: all checkers that look at keys look here. Nothing in it is kept per hold, so that it can be asked
 * of a million.
 */
export interface Scene {
  holds: Holds
  record: KeyRecord
  incidents: Incidents
  /** Sentinels give the first node the primary's part. */
  firstPrimary: string
  sentinel: boolean
  /** Without its token where tokens tell nothing. */
  hold(index: number): Hold
  /** Where the grant's key came into being on the node, as an index into its track. */
  anchor(node: string, hold: Hold): number | undefined
  /** Whether a sample shows that it is the grant's own. */
  proven(node: string, hold: Hold): boolean
  /** How the grant's key ended on the node. */
  loss(node: string, hold: Hold): Loss | undefined
}

const scenes = new WeakMap<Events, Scene>()

/** Built once per history, O(n). */
export function sceneOf({ plan, events }: Evidence): Scene {
  let scene = scenes.get(events)
  if (!scene) scenes.set(events, (scene = build(events, plan.topology.kind === 'sentinel')))
  return scene
}

function build(events: Events, sentinel: boolean): Scene {
  const holds = holdsOf(events)
  const record = keyRecord(events, keysAskedFor(events), { tokens: someTokens(holds), isHeld: whetherHeld(holds) })
  const scene: Scene = {
    holds,
    record,
    incidents: incidentsOf(events),
    firstPrimary: 'redis-1',
    sentinel,
    hold(index) {
      const hold = holdAt(holds, index)
      // A token that no value ever has tells nothing of whose a value is.
      if (hold.token !== undefined && !record.tokensTell()) hold.token = undefined
      return hold
    },
    anchor: (node, hold) => anchorOf(record.track(node, hold.key), hold),
    proven(node, hold) {
      const track = record.track(node, hold.key)
      const anchor = scene.anchor(node, hold)
      return track !== undefined && anchor !== undefined && isProven(track, anchor, hold)
    },
    loss(node, hold) {
      const track = record.track(node, hold.key)
      const anchor = scene.anchor(node, hold)
      return track && anchor !== undefined ? lossOf(track, anchor, hold, sentinel) : undefined
    },
  }
  return scene
}

/** The primary of that moment. */
export function primaryAt({ incidents: { switches }, firstPrimary }: Scene, t: number): string {
  return switches.findLast((change) => change.t <= t)?.to ?? switches[0]?.from ?? firstPrimary
}

/**
 * The node whose write gave the grant: of those on which a sample shows its token, or else of those that may have it, the primary of that moment.
 * Not for a quorum.
 */
export function grantingNode(scene: Scene, nodes: readonly string[], hold: Hold): string | undefined {
  const possible = nodes.filter((node) => scene.anchor(node, hold) !== undefined)
  if (possible.length <= 1) return possible[0]
  const proven = possible.filter((node) => scene.proven(node, hold))
  const candidates = proven.length > 0 ? proven : possible
  const primary = primaryAt(scene, hold.startNs)
  return candidates.includes(primary) ? primary : candidates[0]
}

/** Enough to recognise the lock's own key by. */
const tokensMax = 100

function someTokens(holds: Holds): (lockKey: string) => readonly string[] {
  let byKey: Map<string, string[]> | undefined
  return (lockKey) => {
    if (!byKey) {
      byKey = new Map(holds.keys.map((key) => [key, []]))
      for (let i = 0; i < holds.size; i++) {
        const tokens = byKey.get(holds.keys[holds.keyOf[i]!]!)!
        if (tokens.length >= tokensMax) continue
        const { token } = holdAt(holds, i)
        if (token !== undefined) tokens.push(token)
      }
    }
    return byKey.get(lockKey) ?? []
  }
}

/** By the hold that began last: where several believed it at once, that is somebody. */
function whetherHeld(holds: Holds): (lockKey: string, t: number) => boolean {
  let byKey: Map<string, number[]> | undefined
  return (lockKey, t) => {
    byKey ??= Map.groupBy(
      Array.from({ length: holds.size }, (_, i) => i),
      (i) => holds.keys[holds.keyOf[i]!]!,
    )
    const of = byKey.get(lockKey) ?? []
    const last = of[partitionPoint(of.length, (index) => holds.startNs[of[index]!]! <= t) - 1]
    return last !== undefined && t <= Math.min(holds.endNs[last]!, holds.releaseNs[last]!)
  }
}
