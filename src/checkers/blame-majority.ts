import { mayHaveGrantedUnseen, noKey, onNode, unclear, type Judgement, type Suspects } from './blame-node.ts'
import type { Blame } from './checker.ts'
import type { Hold } from './holds.ts'

/**
 * Redlock: the question is asked of every node that gave the second grant its vote, and decided by the majority. Two majorities share at least one node, so
 * some of the first holder's nodes must have let go of its key. Whose doing was needed for the second majority to exist?
 */
export function judgeMajority(scene: Suspects, a: Hold, b: Hold, nodeCount: number): Judgement {
  const { record } = scene
  const majority = Math.floor(nodeCount / 2) + 1
  const known = record.nodes.filter((node) => record.track(node, a.key) !== undefined)
  if (known.length === 0) return noKey(scene, a, b)

  const votesOf = (hold: Hold) => {
    const seen = known.filter((node) => scene.anchor(node, hold) !== undefined)
    // A write that no sample tells of may be anybody's: who has a majority without it is not said to have had it.
    const proven = seen.filter((node) => scene.proven(node, hold))
    return proven.length >= majority ? proven : seen
  }
  const [votesA, votesB] = [votesOf(a), votesOf(b)]
  for (const [hold, votes] of [
    [a, votesA],
    [b, votesB],
  ] as const) {
    if (votes.length >= majority) continue
    const unseen = record.nodes.filter((node) => !votes.includes(node) && mayHaveGrantedUnseen(scene, node, hold))
    if (votes.length + unseen.length >= majority)
      return unclear(`what ${unseen.join(', ')} did at that time was not seen`)
    return {
      blame: 'lock',
      story: () => `${hold.server}'s grant has ${votes.length} of ${nodeCount} nodes, which is no majority`,
    }
  }

  let free = 0
  const byBlame = new Map<Blame, { node: string; judgement: Judgement }[]>()
  for (const node of votesB) {
    if (!votesA.includes(node)) free++
    else {
      const judgement = onNode(scene, node, a, b)
      byBlame.set(judgement.blame, [...(byBlame.get(judgement.blame) ?? []), { node, judgement }])
    }
  }
  const votes = (...blames: Blame[]) => free + blames.reduce((sum, blame) => sum + (byBlame.get(blame)?.length ?? 0), 0)
  const answer = (blame: Blame): Judgement => ({
    blame,
    story: () => (byBlame.get(blame) ?? []).map(({ judgement }) => judgement.story()).join('; '),
  })
  // From the most innocent to the least: the first explanation without which the second majority would not have been is the one.
  if (votes('lock', 'holder', 'unclear') < majority) return answer('topology')
  if (votes('lock', 'holder') < majority) return answer('unclear')
  if (votes('holder') >= majority) return answer('holder')
  return answer('lock')
}
