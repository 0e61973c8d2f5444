import { noKey, onNode, unclear, type Judgement, type Suspects } from './blame-node.ts'
import { toldLate } from './cause.ts'
import type { Blame } from './checker.ts'
import type { Hold } from './holds.ts'
import { mayHaveGrantedUnseen, reconnectNs } from './unseen.ts'
import { seconds } from './words.ts'

/**
 * Redlock: the question is asked of every node that gave the second grant its vote, and decided by the majority. Two majorities share at least one node, so
 * some of the first holder's nodes must have let go of its key. Whose doing was needed for the second majority to exist?
 */
export function judgeMajority(scene: Suspects, a: Hold, b: Hold, nodeCount: number): Judgement {
  const { record } = scene
  const majority = Math.floor(nodeCount / 2) + 1
  const known = record.nodes.filter((node) => record.track(node, a.key) !== undefined)
  if (known.length === 0) return noKey(scene, a, b)

  const baseless = extendedWithoutMajority(scene, a, b, nodeCount - majority)
  if (baseless) return baseless

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
      return unclear(`what ${unseen.join(', ')} did at that time was not seen, or too late`)
    return {
      blame: 'lock',
      story: () => `${hold.server}'s grant has ${votes.length} of ${nodeCount} nodes, which is no majority`,
    }
  }

  let free = 0
  const byBlame = new Map<Blame, Judgement[]>()
  for (const node of votesB) {
    if (!votesA.includes(node)) free++
    else {
      const judgement = onNode(scene, node, a, b)
      byBlame.set(judgement.blame, [...(byBlame.get(judgement.blame) ?? []), judgement])
    }
  }
  const votes = (...blames: Blame[]) => free + blames.reduce((sum, blame) => sum + (byBlame.get(blame)?.length ?? 0), 0)
  const answer = (blame: Blame): Judgement => {
    const judgements = byBlame.get(blame) ?? []
    return {
      blame,
      story: () => together(judgements),
      causes: () => judgements.flatMap((judgement) => judgement.causes?.() ?? []),
    }
  }
  // From the most innocent to the least: the first explanation without which the second majority would not have been is the one.
  if (votes('lock', 'holder', 'unclear') < majority) return answer('topology')
  if (votes('lock', 'holder') < majority) return answer('unclear')
  if (votes('holder') >= majority) return answer('holder')
  return answer('lock')
}

/** One sentence about the nodes of which the same is to be told, and one about each of the others. */
function together(judgements: readonly Judgement[]): string {
  const late = judgements.flatMap(({ late }) => late ?? [])
  const byVictim = [...Map.groupBy(late, ({ victim }) => victim.op).values()]
  const others = judgements.filter((judgement) => judgement.late === undefined)
  return [
    ...others.map((judgement) => judgement.story()),
    ...byVictim.map(([one, ...more]) => toldLate([one!, ...more])),
  ].join('; ')
}

/**
 * Where the first holder went on by an extension that the lock said yes to while more nodes were dead than a majority can spare: nobody can have
 * given it. A node counts as dead from its death until shortly before its observer was back on it.
 */
function extendedWithoutMajority(
  { record, incidents }: Suspects,
  { server, startNs, ttlMs, extensions }: Hold,
  b: Hold,
  spare: number,
): Judgement | undefined {
  if (ttlMs === undefined) return undefined
  const deadDuring = (fromNs: number, toNs: number) =>
    record.nodes.filter((node) =>
      record
        .gaps(node)
        .some(
          (gap) =>
            gap.fromNs <= fromNs &&
            gap.toNs - reconnectNs >= toNs &&
            incidents.downNs(node, gap.fromNs - reconnectNs, fromNs) !== undefined,
        ),
    )
  let endNs = startNs + ttlMs * 1e6
  let lie: { okNs: number; dead: string[] } | undefined
  for (const { invokeNs, okNs, ttlMs: moreMs = ttlMs } of extensions) {
    const dead = deadDuring(invokeNs, okNs)
    if (dead.length > spare) lie ??= { okNs, dead }
    // What had run out by then cannot have been extended later either.
    else if (lie === undefined || invokeNs <= endNs) endNs = Math.max(endNs, okNs + moreMs * 1e6)
  }
  if (lie === undefined || b.startNs < endNs) return undefined
  const { okNs, dead } = lie
  return {
    blame: 'lock',
    story: () =>
      `${server} was told at ${seconds(okNs)} that its lease was extended, while ${dead.join(' and ')} were dead: no majority can have said so`,
  }
}
