import { doing, type Call } from './calls.ts'
import { causeOf, isReadLate, toldLate, type Cause, type Late } from './cause.ts'
import type { Blame } from './checker.ts'
import { leaseEndNs, type Loss } from './fate.ts'
import type { Hold } from './holds.ts'
import { died } from './incidents.ts'
import { mayComeLate } from './anchor.ts'
import { readLagNs } from '../history/lag.ts'
import type { Renewals } from './renewals.ts'
import { grantingNode, type Scene } from './scene.ts'
import { announcementNs, cannotHaveIt, mayHaveGrantedUnseen, missedReplication } from './unseen.ts'
import { duration, seconds } from './words.ts'

export interface Judgement {
  blame: Blame
  /** What became of the first holder's key: the second half of a sentence. Asked only for the pair that is shown. */
  story(): string
  /** What of the nodes' record shows it. */
  causes?(): Cause[]
  /** When a key was read to be deleted or moved away, ns. */
  takenNs?: number
  /** Of a key that was taken, and read to be gone too late to say by whom: for a sentence about several nodes. */
  late?: Late
}

/** What blame looks at. */
export interface Suspects extends Scene {
  /** Whose calls may have deleted the victim's key, which was read at `readNs` and was so by `byNs`. */
  culprits(victim: Hold, readNs: number, byNs: number): Call[]
  renewals: Renewals
}

/** One logical Redis: a single node, or the primary of a Sentinel group. */
export function judgeOne(scene: Suspects, a: Hold, b: Hold): Judgement {
  const { record, incidents } = scene
  const nodes = record.nodes.filter((node) => record.track(node, a.key) !== undefined)
  if (nodes.length === 0) return noKey(scene, a, b)

  const nodeB = grantingNode(scene, nodes, b)
  if (nodeB === undefined) {
    const silent = record.nodes.find((node) => mayHaveGrantedUnseen(scene, node, b))
    if (silent !== undefined) return unclear(`what ${silent} did at that time was not seen, or too late`)
    return wroteNothing(scene, nodes, b, a, b)
  }
  const nodeA = grantingNode(scene, nodes, a)
  if (nodeA === undefined) {
    const silent = record.nodes.find((node) => mayHaveGrantedUnseen(scene, node, a))
    if (silent !== undefined)
      return unclear(`what ${silent} did when ${a.server} was granted it was not seen, or too late`)
    return wroteNothing(scene, nodes, a, a, b)
  }

  const between = incidents.switches.filter((change) => change.t > a.startNs && change.t <= b.startNs)
  const rejoined = nodeA === nodeB && between.some((change) => change.to === nodeB)
  if (!rejoined && scene.anchor(nodeB, a) !== undefined) return onNode(scene, nodeB, a, b)

  // The second grant's node never had the first one's key, or lost it when it was a replica in between.
  if (b.startNs >= leaseEndNs(a)) return overdue(scene, nodeA, a)
  const promoted = incidents.switches.findLast((change) => change.t <= b.startNs && change.to === nodeB)
  if (missedReplication(scene, nodeB, a) && !cannotHaveIt(scene, nodeA, nodeB, a, b, promoted?.t))
    return unclear(`what ${nodeB} had of ${a.server}'s key was not seen`)
  if (promoted && promoted.t > a.startNs)
    return {
      blame: 'topology',
      story: () =>
        `${died(incidents, nodeA, a.startNs, b.startNs)}${nodeB} was promoted at ${seconds(promoted.t)} without the key, which was never replicated`,
      causes: () => [causeOf(nodeB, promoted.t, `promoted without ${a.server}'s key`)],
    }
  // It takes writes before the promotion is announced; beside a dead primary that does not make two.
  const death = died(incidents, nodeA, a.startNs, b.startNs)
  if (
    death !== '' &&
    incidents.switches.some(({ t, to }) => to === nodeB && t > b.startNs && t <= b.startNs + announcementNs)
  )
    return {
      blame: 'topology',
      story: () => `${death}${nodeB} took its place without the key, which was never replicated`,
    }
  return {
    blame: 'topology',
    story: () => `two primaries took writes: ${a.server}'s key was on ${nodeA}, ${b.server}'s on ${nodeB}`,
  }
}

/** The record shows no key of that grant, unless it is told so late that nobody can say whose it is. */
function wroteNothing(scene: Suspects, nodes: readonly string[], hold: Hold, a: Hold, b: Hold): Judgement {
  for (const node of nodes)
    if (mayComeLate(scene.record.track(node, hold.key)!, hold)) {
      const judgement = innocent(scene, node, a, b)
      if (judgement?.blame === 'topology') return judgement
    }
  return { blame: 'lock', story: () => `${hold.server}'s grant wrote no key on any node` }
}

/** No key of that name was ever on a node: the lock kept none there, unless it calls its keys by names that tell nothing, or did so unseen. */
export function noKey(scene: Suspects, a: Hold, b: Hold): Judgement {
  const { record } = scene
  const unseen =
    record.nodes.length === 0 ||
    record.nodes.some((node) => [a, b].some((hold) => mayHaveGrantedUnseen(scene, node, hold)))
  if (unseen || record.hasStrangers) return unclear(`no key of ${a.key} was seen on a node`)
  return { blame: 'lock', story: () => `the lock never wrote a key of ${a.key} on any node` }
}

/**
 * What became of the first holder's key on the node that gave the second grant. Where no sample shows which write was the first holder's, what else
 * takes keys away at that time explains it as well.
 */
export function onNode(scene: Suspects, node: string, a: Hold, b: Hold): Judgement {
  const judgement = fate(scene, node, a, b)
  if (judgement.blame !== 'lock') return judgement
  const other = a.token === undefined || scene.proven(node, a) ? undefined : innocent(scene, node, a, b)
  return other ?? dividedAt(scene, node, a, b, judgement.takenNs) ?? judgement
}

/**
 * What was read to be gone only after the next grant need not be what made that grant possible, where there may have been two primaries and nothing
 * proves that this one gave it.
 */
function dividedAt(scene: Suspects, node: string, a: Hold, b: Hold, takenNs = -Infinity): Judgement | undefined {
  if (takenNs <= b.startNs || scene.proven(node, b) || !isDivided(scene, a.invokeNs, takenNs)) return undefined
  return unclear(
    `${a.server}'s key was seen to be gone from ${node} at ${seconds(takenNs)}, after ${b.server} had been granted it, and there may have been two primaries: which of them gave that grant is not known`,
  )
}

function fate(scene: Suspects, node: string, a: Hold, b: Hold): Judgement {
  const { incidents } = scene
  const loss = scene.loss(node, a)
  const second = scene.anchor(node, b)
  if (second !== undefined && second < scene.anchor(node, a)!) return reversed(scene, node, a, b)
  const flushNs = incidents.faultNs('flush', node, a.startNs, b.startNs)
  const gone = loss !== undefined && (second === undefined ? loss.t <= b.startNs : loss.at < second)

  if (!gone || loss.kind === 'overwritten' || loss.kind === 'vanished') {
    if (flushNs !== undefined && b.startNs < leaseEndNs(a))
      return { blame: 'topology', story: () => `the flush of ${node} at ${seconds(flushNs)} took the key` }
    if (gone && loss.kind === 'vanished') return vanished(scene, node, a, loss.t)
    const at = gone ? loss.t : overwrittenNs(scene, node, a, b)
    if (at === undefined) return { blame: 'lock', story: () => `${a.server}'s key was still on ${node}` }
    // Belief begins with the answer, which an overwriting may overtake.
    const early = at < a.startNs ? `, before ${a.server} had its answer` : ''
    return {
      blame: 'lock',
      story: () => `${a.server}'s key on ${node} was overwritten at ${seconds(at)}${early}`,
      causes: () => [causeOf(node, at, `${a.server}'s key overwritten`)],
    }
  }
  const causes = () => [causeOf(node, loss.t, `${a.server}'s key ${ways[loss.kind] ?? 'gone'}`)]
  if (loss.kind === 'evicted')
    return { blame: 'topology', story: () => `${node} evicted ${a.server}'s key at ${seconds(loss.t)}`, causes }
  if (loss.kind === 'restart') {
    if (b.startNs >= leaseEndNs(a)) return overdue(scene, node, a)
    const at = incidents.downNs(node, loss.t - 1e9, b.startNs) ?? loss.t
    return { blame: 'topology', story: () => `${node} died at ${seconds(at)} and came back without the key` }
  }
  if (loss.kind === 'gap') return unclear(`${a.server}'s key went while ${node} was not seen, from ${seconds(loss.t)}`)
  // A lease that is set into the past is told as a deletion.
  const jumped = loss.kind === 'deleted' ? incidents.faultNs('clock-jump', node, loss.t, loss.t) : undefined
  if (jumped !== undefined)
    return {
      blame: 'topology',
      story: () => `the clock of ${node} was moved at ${seconds(jumped)}, which may have ended the key early`,
    }
  if (loss.kind === 'deleted' || loss.kind === 'moved') return taken(scene, node, a, b, loss)
  if (loss.kind === 'early') {
    const jumpNs = incidents.faultNs('clock-jump', node, a.startNs, loss.t)
    if (jumpNs !== undefined)
      return {
        blame: 'topology',
        story: () => `the clock of ${node} was moved at ${seconds(jumpNs)}, which ended the key early`,
      }
    return {
      blame: 'lock',
      causes,
      story: () =>
        `${a.server}'s key expired on ${node} at ${seconds(loss.t)}, earlier than the ${duration(a.ttlMs!)} that it had asked for`,
    }
  }
  return { ...expiry(scene, node, a, loss.t), causes }
}

/** Without an event: no flush did it, but another node may have taken this one's place in the time of the hold. */
function vanished({ record }: Suspects, node: string, { key, invokeNs }: Hold, t: number): Judgement {
  const deposedNs = record
    .track(node, key)
    ?.deposedNs.findLast((each) => each >= invokeNs - announcementNs && each <= t + readLagNs)
  if (deposedNs === undefined) return unclear(`the key was gone from ${node} at ${seconds(t)}, and no event tells why`)
  return {
    blame: 'topology',
    story: () => `${node} was deposed at ${seconds(deposedNs)}, and its keys were replaced by the new primary's`,
  }
}

/** For a picture. */
const ways: Partial<Record<Loss['kind'], string>> = {
  deleted: 'deleted',
  moved: 'moved away',
  evicted: 'evicted',
  expired: 'expired',
  early: 'expired early',
}

/** What may have taken a key of which nobody knows when it was written; undefined where nothing but a lock's calls can have. */
function innocent(scene: Suspects, node: string, a: Hold, b: Hold): Judgement | undefined {
  const { incidents, record, anchor } = scene
  const [fromNs, toNs] = [a.invokeNs, b.startNs + readLagNs]
  const elsewhere = record.nodes.filter((other) => other !== node && anchor(other, a) !== undefined)
  if (elsewhere.length > 0 && isIsolated(scene, fromNs, toNs))
    return { blame: 'topology', story: () => `two primaries took writes: ${[node, ...elsewhere].join(' and ')}` }
  for (const [fault, what] of takers) {
    const t = incidents.faultNs(fault, node, fromNs, toNs)
    if (t === undefined) continue
    const story = () =>
      `${what} ${node} at ${seconds(t)}, which may have taken ${a.server}'s key: its write was not sampled`
    return { blame: 'topology', story }
  }
  const touches = (time: { fromNs: number; toNs: number }) => time.fromNs <= toNs && time.toNs >= fromNs
  const unseen =
    hasSwitched(scene, fromNs, toNs) || record.gaps(node).some(touches) || record.delays(node).some(touches)
  return unseen ? unclear(`which write on ${node} was ${a.server}'s was not seen`) : undefined
}

const hasSwitched = ({ sentinel, incidents }: Suspects, fromNs: number, toNs: number): boolean =>
  sentinel && incidents.switches.some(({ t }) => t >= fromNs && t <= toNs)

const isIsolated = ({ sentinel, incidents, record }: Suspects, fromNs: number, toNs: number): boolean =>
  sentinel && record.nodes.some((node) => incidents.faultNs('isolate-primary', node, fromNs, toNs) !== undefined)

/** A primary that was deposed goes on until Sentinel demotes it, this much later at most. */
const demotionNs = 10e9

/** Whether two nodes may have been primaries. */
const isDivided = (scene: Suspects, fromNs: number, toNs: number): boolean =>
  hasSwitched(scene, fromNs - demotionNs, toNs + announcementNs) || isIsolated(scene, fromNs - demotionNs, toNs)

/** Faults that take keys away, and how they are told. */
const takers = [
  ['clock-jump', 'the clock was moved of'],
  ['eviction', 'keys were evicted from'],
  ['flush', 'a flush emptied'],
] as const

/** On the node the second grant's key came first: its answer came later than the first one's whole lease began. */
function reversed(scene: Suspects, node: string, a: Hold, b: Hold): Judgement {
  const loss = scene.loss(node, b)
  if (loss?.kind !== 'expired') return onNode(scene, node, b, a)
  return {
    blame: 'lock',
    story: () => `${b.server} was granted a lease that had ended on ${node} at ${seconds(loss.t)} already`,
  }
}

/** When the second grant's own write came over the first one's key; undefined where it wrote nothing there after it. */
function overwrittenNs(scene: Suspects, node: string, a: Hold, b: Hold): number | undefined {
  const first = scene.anchor(node, a)
  const second = scene.anchor(node, b)
  if (first === undefined || second === undefined || second <= first) return undefined
  return scene.record.track(node, b.key)?.events[second]?.t
}

function expiry(scene: Suspects, node: string, a: Hold, t: number): Judgement {
  if (a.validUntilNs !== Infinity)
    return {
      blame: 'lock',
      story: () =>
        `${a.server}'s key expired on ${node} at ${seconds(t)}, while the lock claimed to hold it until ${seconds(a.validUntilNs)}`,
    }
  const saidYesNs = scene.renewals.saidYesNs(a, t)
  if (saidYesNs !== undefined)
    return {
      blame: 'lock',
      story: () =>
        `${a.server}'s key expired on ${node} at ${seconds(t)}, and the lock said yes to an extension that was asked for at ${seconds(saidYesNs)}`,
    }
  if (scene.renewals.isOverdue(a, t))
    return {
      blame: 'lock',
      story: () =>
        `${a.server}'s key expired on ${node} at ${seconds(t)}, which the lock had promised to renew (autoExtend), and nothing kept it from that`,
    }
  return {
    blame: 'holder',
    story: () => `${a.server}'s key expired on ${node} at ${seconds(t)}, in its time, and ${a.server} went on`,
  }
}

/** Something took the key, but its lease would have been over as well. */
function overdue(scene: Suspects, node: string, a: Hold): Judgement {
  const end = leaseEndNs(a)
  return expiry(scene, node, a, end)
}

function taken(scene: Suspects, node: string, a: Hold, b: Hold, loss: Loss): Judgement {
  const what = `${a.server}'s key ${ways[loss.kind]}`
  if (isReadLate(loss.t, b.startNs)) {
    const late = { node, t: loss.t, victim: a, next: b }
    const causes = () => [causeOf(node, loss.t, `${what} (read late)`)]
    return { blame: 'lock', takenNs: loss.t, story: () => toldLate([late]), causes, late }
  }
  const by = () => scene.culprits(a, loss.t, Math.min(loss.t, b.startNs))
  return {
    blame: 'lock',
    takenNs: loss.t,
    story() {
      const [one, ...more] = by()
      const who = one ? `, ${doing([one, ...more], a, loss.t)}` : ''
      const read = loss.t > b.startNs ? ` (read ${duration((loss.t - b.startNs) / 1e6)} after the next grant)` : ''
      // Belief begins with the answer, which a deletion may overtake.
      const early = loss.t < a.startNs ? `${a.server} had its answer` : `${a.server} began to release it`
      return `${a.server}'s key was ${ways[loss.kind]} on ${node} at ${seconds(loss.t)}${read}${who}, before ${early}`
    },
    causes: () => [causeOf(node, loss.t, what, by())],
  }
}

export const unclear = (why: string): Judgement => ({ blame: 'unclear', story: () => why })
