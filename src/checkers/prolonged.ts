import { callOf, kindOf, tableOf } from '../history/event-table.ts'
import { OpTable } from '../history/op-table.ts'
import type { Evidence } from './checker.ts'
import type { Hold, Holds } from './holds.ts'
import { readLagNs } from '../history/lag.ts'
import { lastUpTo, removals, writes } from './key-record.ts'
import { primaryAt, sceneOf, type Scene } from './scene.ts'

/** A lease that was written or prolonged when its hold had been released, and the release had been answered in whatever way. */
export interface Prolonged {
  hold: Hold
  node: string
  t: number
  releasedNs: number
}

/**
 * After a release of which nobody knows whether it arrived, what was sent before it may be still on its way for longer. Its key runs out, and is renewed by
 * nobody: the grant is over.
 */
const doubtNs = 500e6
/** A node that was paused, or a pipe that was held up, does late and at once what it was told before the release. */
const apartNs = 100e6
/** Events that are looked at after a release. */
const stepsMax = 50

/**
 * Renewals that outlive their hold: after the release was answered (done, refused, or in doubt), the key is written or its lease is set anew, more than
 * once, and the samples of it still show the released token. Tokens that several grants share tell nothing. O(n log n).
 */
export function prolonged(evidence: Evidence): Prolonged[] {
  const scene = sceneOf(evidence)
  const { holds, record } = scene
  if (record.nodes.length === 0 || !record.tokensTell()) return []
  const table = tableOf(evidence.events)
  const released = releases(evidence)
  const found: Prolonged[] = []
  for (let i = 0; i < holds.size; i++) {
    if (holds.releaseNs[i] === Infinity) continue
    const release = released.get(table.op[holds.okAt[i]!]!)
    if (release < 0) continue
    const releasedNs = table.t[release]!
    const afterNs = releasedNs + (table.kind[release] === inDoubt ? doubtNs : readLagNs)
    const hold = scene.hold(i)
    if (hold.token === undefined) continue
    for (const node of record.nodes) {
      const t = prolongedOn(scene, node, hold, afterNs)
      if (t === undefined) continue
      found.push({ hold, node, t, releasedNs })
      break
    }
  }
  return found.length === 0 ? found : withTokensOfTheirOwn(found, holds)
}

function prolongedOn(scene: Scene, node: string, hold: Hold, afterNs: number): number | undefined {
  const events = scene.record.track(node, hold.key)?.events
  if (events === undefined) return undefined
  let changedNs: number | undefined
  let firstNs: number | undefined
  const from = lastUpTo(events, afterNs) + 1
  for (let at = from; at < events.length && at - from < stepsMax; at++) {
    const event = events[at]!
    if (event.event === 'sample') {
      if (event.value !== undefined && !event.value.includes(hold.token!)) return undefined
      if (changedNs === undefined || event.pttlMs === -2) continue
      // A replica repeats late what its primary did long ago.
      if (scene.sentinel && primaryAt(scene, changedNs) !== node) return undefined
      firstNs ??= changedNs
      if (changedNs - firstNs >= apartNs) return firstNs
    }
    if (removals.has(event.event) || event.event === 'gap' || event.event === 'resync') return undefined
    if (event.event === 'expire' || writes(event)) changedNs = event.t
  }
  return undefined
}

const asked = kindOf('release', 'invoke')
const inDoubt = kindOf('release', 'info')

/** By grant: where in the history its release was answered. */
function releases({ events }: Evidence): OpTable {
  const answered = new OpTable()
  const { length, kind, grant } = tableOf(events)
  for (let at = 0; at < length; at++)
    if (callOf(kind[at]!) === 'release' && kind[at] !== asked && grant[at]! >= 0) answered.set(grant[at]!, at)
  return answered
}

function withTokensOfTheirOwn(found: readonly Prolonged[], holds: Holds): Prolonged[] {
  const uses = new Map(found.map(({ hold }) => [hold.token!, new Set<number>()]))
  const table = tableOf(holds.events)
  for (const at of holds.okAt.subarray(0, holds.size)) {
    const { token } = table.rest(at)
    if (token !== undefined) uses.get(token)?.add(table.op[at]!)
  }
  return found.filter(({ hold }) => uses.get(hold.token!)!.size === 1)
}
