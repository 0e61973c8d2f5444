import { callsOf, culpritsAt } from './calls.ts'
import type { Evidence } from './checker.ts'
import { judgeMajority } from './blame-majority.ts'
import { judgeOne, type Judgement, type Suspects } from './blame-node.ts'
import type { Loss } from './fate.ts'
import { renewalsOf } from './renewals.ts'
import { toldApart, type Hold } from './holds.ts'
import { nextUnknown } from './anchor.ts'
import { sceneOf } from './scene.ts'

/**
 * Who is to blame for two holds that overlapped: decided by what became of the first holder's key on the node between the two grants,
 * as the node's own record shows it, and not by what the lock answered. See the design's "Blame".
 *
 * A grant's anchor and its key's end are looked up once per hold and node, so that a pair costs a comparison.
 */
export function blamer(evidence: Evidence): (first: number, second: number) => Judgement {
  const { plan } = evidence
  const scene = sceneOf(evidence)
  const anchors = new Map<string, number | undefined>()
  const losses = new Map<string, Loss | undefined>()
  const proofs = new Map<string, boolean>()
  const spelledOut = new Map<number, Hold>()
  const suspects: Suspects = {
    ...scene,
    hold: (index) => once(spelledOut, index, () => scene.hold(index)),
    anchor: (node, hold) => once(anchors, `${node} ${hold.index}`, () => scene.anchor(node, hold)),
    proven: (node, hold) => once(proofs, `${node} ${hold.index}`, () => scene.proven(node, hold)),
    loss: (node, hold) => once(losses, `${node} ${hold.index}`, () => scene.loss(node, hold)),
    culprits: (hold, readNs, byNs) => culpritsAt(callsOf(evidence.events), hold, readNs, byNs),
    renewals: renewalsOf(evidence, scene),
  }
  return (first, second) => {
    const [a, b] = toldApart(suspects.hold(first), suspects.hold(second))
    const told = apart(suspects, a, b)
    if (plan.topology.kind === 'redlock') return judgeMajority(told, a, b, plan.topology.nodes)
    return judgeOne(told, a, b)
  }
}

/** Where samples are missing two grants may seem to have written the same: the second one's write is the next then, if there is one. */
function apart(scene: Suspects, a: Hold, b: Hold): Suspects {
  const same = scene.record.nodes.filter((node) => {
    const anchor = scene.anchor(node, a)
    return anchor !== undefined && anchor === scene.anchor(node, b) && !scene.proven(node, b)
  })
  if (same.length === 0) return scene
  return {
    ...scene,
    anchor(node, hold) {
      const anchor = scene.anchor(node, hold)
      if (hold !== b || anchor === undefined || !same.includes(node)) return anchor
      return nextUnknown(scene.record.track(node, hold.key)!, anchor, hold) ?? anchor
    },
  }
}

function once<Key, Value>(known: Map<Key, Value>, key: Key, make: () => Value): Value {
  if (!known.has(key)) known.set(key, make())
  return known.get(key) as Value
}
