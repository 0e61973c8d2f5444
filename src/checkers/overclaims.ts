import type { Checker, Evidence } from './checker.ts'
import { plural } from './damage.ts'
import type { Hold } from './holds.ts'
import { readLagNs } from '../history/lag.ts'
import { dueNs, seenDueNs } from './leases.ts'
import { sceneOf, type Scene } from './scene.ts'
import { duration, seconds } from './words.ts'

/**
 * What a busy machine may add between the lock's own reckoning and the moment at which its answer is written down, from which the claim counts:
 * seen were up to 115 ms with eight drills on two cores. (The end of the key needs no tolerance: a sample is written down after the node answered,
 * so its time and PTTL are an upper bound.)
 */
const toleranceNs = 250e6
/**
 * What was claimed at one time only may be of a server that lost its core between the lock's reckoning and our clock: seen were 340 ms at a load of
 * 14 on two cores, for the three grants whose answers it had read in that turn.
 */
const aloneToleranceNs = 500e6
/** What happens to so many of all claims, at so many different times, is no accident of the machine: it stands still for all at once. */
const habitToleranceNs = 50e6
const habitShare = 0.2
const habitMin = 10
const habitTimesMin = 5
const timesApartNs = 250e6
/** Sentinel may tell of a promotion later still; what is excused here is no more than what most of them take. */
const displacedLateNs = 1e9

/**
 * Grants whose `validForMs`, or that of their last extension, reached past the end of their key, as samples on the node tell it: in a quorum,
 * past the moment at which the lease of a majority ended. A lease that somebody took away early is another metric's. O(n log n).
 */
export const overclaims = {
  name: 'overclaims',
  title: 'A validForMs that reaches past the end of the key on the node',
  metrics: ['overclaims'],
  check(evidence) {
    const scene = sceneOf(evidence)
    const { holds } = scene
    if (scene.record.nodes.length === 0) return []
    const over: Overclaim[] = []
    let claims = 0
    for (let i = 0; i < holds.size; i++) {
      const claimNs = holds.validUntilNs[i]!
      if (claimNs === Infinity || claimNs <= holds.startNs[i]!) continue
      const hold = scene.hold(i)
      const endNs = leaseEnd(evidence, scene, hold)
      if (endNs === undefined) continue
      claims++
      const byNs = claimNs - endNs - holds.lagNs[i]!
      if (byNs > habitToleranceNs && !isDisplaced(scene, hold, claimNs))
        over.push({ hold, claimedAtNs: claimedAtNs(hold), endNs, byNs })
    }
    const isHabit = over.length >= habitMin && over.length >= habitShare * claims && timesOf(over) >= habitTimesMin
    const far = over.filter(({ byNs }) => byNs > toleranceNs)
    const found = isHabit ? over : timesOf(far) > 1 ? far : far.filter(({ byNs }) => byNs > aloneToleranceNs)
    if (found.length === 0) return []
    const [{ hold, endNs }] = found as [Overclaim]
    const grants = new Set(found.map((each) => each.hold.op))
    const worstNs = found.reduce((worst, { byNs }) => Math.max(worst, byNs), 0)
    return [
      {
        checker: 'overclaims',
        metric: 'overclaims',
        count: grants.size,
        message:
          `${plural(grants.size, 'grant')} claimed to be valid past the end of their key, by up to ${duration(worstNs / 1e6)}; the first at ${seconds(hold.startNs)}: ` +
          `${hold.server} was told that it holds ${hold.key} until ${seconds(hold.validUntilNs)}, and the lease on the node ended at ${seconds(endNs)}`,
        first: { key: hold.key, atMs: hold.startNs / 1e6, ops: [hold.op] },
      },
    ]
  },
} satisfies Checker

interface Overclaim {
  hold: Hold
  claimedAtNs: number
  endNs: number
  byNs: number
}

/** When its last claim was made: at the grant, or at an extension. */
const claimedAtNs = ({ startNs, validUntilNs, extensions }: Hold) =>
  extensions.findLast(({ okNs }) => okNs >= startNs && okNs <= validUntilNs)?.okNs ?? startNs

/** At how many different times. */
function timesOf(over: readonly Overclaim[]): number {
  let times = 0
  let lastNs = -Infinity
  for (const atNs of over.map(({ claimedAtNs }) => claimedAtNs).toSorted((a, b) => a - b)) {
    if (atNs - lastNs < timesApartNs) continue
    times++
    lastNs = atNs
  }
  return times
}

/**
 * The clock of a node was moved, or the primary was replaced: no lock can know. (A node that becomes a replica has its data set replaced, without an
 * event, between the two answers that make a sample: the value of one key, and the time to live of another.)
 */
const isDisplaced = ({ record, incidents }: Scene, hold: Hold, claimNs: number) =>
  record.nodes.some((node) => incidents.faultNs('clock-jump', node, hold.invokeNs, claimNs) !== undefined) ||
  incidents.switches.some(({ t }) => t >= claimedAtNs(hold) - readLagNs && t <= claimNs + displacedLateNs)

/** When the grant's lease ends on the node, or on so many that no majority is left; undefined where the record does not tell. */
function leaseEnd({ plan }: Evidence, scene: Scene, hold: Hold): number | undefined {
  const nodes = scene.record.nodes.filter((node) => scene.record.track(node, hold.key) !== undefined)
  if (plan.topology.kind !== 'redlock') {
    // After a failover it is the new primary's that counts.
    const ends = nodes.flatMap((node) => dueNs(scene, node, hold) ?? seenDueNs(scene, node, hold) ?? [])
    return ends.length > 0 ? Math.max(...ends) : undefined
  }
  const majority = Math.floor(plan.topology.nodes / 2) + 1
  // A node that was not seen, or whose samples are missing, may have it as long as it likes.
  const ends = scene.record.nodes.map((node) => {
    if (!nodes.includes(node) || scene.anchor(node, hold) === undefined)
      return scene.record.gaps(node).length > 0 ? Infinity : -Infinity
    return dueNs(scene, node, hold) ?? Infinity
  })
  const end = ends.toSorted((a, b) => b - a)[majority - 1]!
  return end === -Infinity ? undefined : end
}
