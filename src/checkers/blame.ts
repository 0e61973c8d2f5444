import type { Evidence } from './checker.ts'
import { holdAt, toldApart, type Hold, type Holds } from './holds.ts'
import { incidentsOf } from './incidents.ts'
import { anchorOf, keyRecord, readLagNs } from './key-record.ts'
import { lossOf, type Loss } from './fate.ts'
import { judgeMajority } from './blame-majority.ts'
import { judgeOne, type Judgement, type Scene } from './blame-node.ts'

/**
 * Who is to blame for two holds that overlapped: decided by what became of the first holder's key on the node between the two grants,
 * as the node's own record shows it, and not by what the lock answered. See the design's "Blame".
 *
 * A grant's anchor and its key's end are looked up once per hold and node, so that a pair costs a comparison.
 */
export function blamer({ plan, events }: Evidence, holds: Holds): (first: number, second: number) => Judgement {
  const record = keyRecord(events, holds.keys, someTokens(holds))
  const anchors = new Map<string, number | undefined>()
  const losses = new Map<string, Loss | undefined>()
  const spelledOut = new Map<number, Hold>()

  const scene: Scene = {
    record,
    incidents: incidentsOf(events),
    // Sentinels give the first node the primary's part.
    firstPrimary: 'redis-1',
    sentinel: plan.topology.kind === 'sentinel',
    hold(index) {
      let hold = spelledOut.get(index)
      if (!hold) {
        hold = holdAt(holds, index)
        // A token that no value ever has tells nothing of whose a value is.
        if (!record.tokensTell()) hold.token = undefined
        spelledOut.set(index, hold)
      }
      return hold
    },
    anchor(node, hold) {
      const id = `${node} ${hold.index}`
      if (!anchors.has(id)) anchors.set(id, anchorOf(record.track(node, hold.key), hold))
      return anchors.get(id)
    },
    loss(node, hold) {
      const id = `${node} ${hold.index}`
      if (!losses.has(id)) {
        const track = record.track(node, hold.key)
        const anchor = scene.anchor(node, hold)
        const loss = track && anchor !== undefined ? lossOf(track, anchor, hold, scene.sentinel) : undefined
        losses.set(id, loss)
      }
      return losses.get(id)
    },
    releaseThatDeleted: (hold, t) => releaseNear(holds, hold, t),
  }

  return (first, second) => {
    const [a, b] = toldApart(scene.hold(first), scene.hold(second))
    if (plan.topology.kind === 'redlock') return judgeMajority(scene, a, b, plan.topology.nodes)
    return judgeOne(scene, a, b)
  }
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

/** How long a release may be on its way to the node. */
const releaseReachNs = 1e9
/** Holds that are looked at around a deletion. */
const searchMax = 10_000

/** Another hold of the key whose release was under way when the key was deleted: the nearest before it. */
function releaseNear(holds: Holds, victim: Hold, t: number): Hold | undefined {
  let best = -1
  const key = holds.keyOf[victim.index]!
  const from = Math.max(0, victim.index - searchMax)
  const to = Math.min(holds.size, victim.index + searchMax)
  for (let i = from; i < to; i++) {
    if (i === victim.index || holds.keyOf[i] !== key) continue
    const at = holds.releaseNs[i]!
    if (at > t + readLagNs || at < t - releaseReachNs) continue
    if (best < 0 || Math.abs(at - t) < Math.abs(holds.releaseNs[best]! - t)) best = i
  }
  return best < 0 ? undefined : holdAt(holds, best)
}
