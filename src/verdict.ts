import { format } from 'node:util'
import { checkers } from './checkers/index.ts'
import { acquiresDuring } from './checkers/acquires.ts'
import type { Blame, Checker, Evidence, Finding } from './checkers/checker.ts'
import { plural } from './checkers/damage.ts'
import { leaseDoubts } from './checkers/lease-doubts.ts'
import { grantsOf, holdsOf, serverOf } from './checkers/holds.ts'
import { tornWorks, type Torn } from './checkers/torn.ts'
import type { Events } from './history/event-table.ts'
import { eventsOf, phaseOf } from './history/kinds.ts'
import type { Measured } from './history/measure.ts'
import { percentile } from './history/samples.ts'
import type { Damage } from './ledger/ledger.ts'
import type { Plan } from './plan/scenario.ts'
import { allThresholds, keeps, type Threshold } from './plan/thresholds.ts'
import { interruptedDoubt, type Report, type Verdict } from './reporters/report.ts'
import { takesLock, type GuardName } from './workloads/common.ts'

export interface Testimony {
  plan: Plan
  /** Merged and sorted by `t`. */
  events: Events
  damage?: Damage | undefined
  /** The lock says that it renews its leases by itself. */
  autoExtend?: boolean | undefined
  measured: Pick<Measured, 'counts' | 'rates' | 'samplesMs'>
  faults: Report['faults']
  /** What makes the evidence incomplete, one sentence each: each is a reason for `unknown`. */
  notes: readonly string[]
  /** How the control came out, where one was run. */
  control?: Pick<Report, 'lock' | 'verdict'> | undefined
}

export interface Judged {
  findings: Finding[]
  thresholds: Report['thresholds']
  verdict: Verdict
  /** One sentence each; empty unless the verdict is unknown, but for what an invalid drill lacked besides. */
  unknownBecause: string[]
}

/**
 * From what was seen to a verdict; pure. `invalid` where a safety threshold is crossed, else `unknown` where the evidence does not suffice, else
 * `valid`.
 */
export function judge(testimony: Testimony, all: readonly Checker[] = Object.values(checkers)): Judged {
  const { findings, uncounted, failures } = runCheckers(testimony, all)
  const parsed = allThresholds(testimony.plan.thresholds)
  const judged = parsed.map((threshold) => {
    const value = uncounted.has(threshold.name) ? null : valueOf(threshold, findings, testimony.measured)
    return { threshold, value, ok: keeps(threshold, value) }
  })
  const thresholds = judged.map(({ threshold: { metric, expression }, value, ok }) => ({
    metric,
    threshold: expression,
    value,
    ok,
  }))

  // A safety metric that no checker could count is a doubt, not a crime.
  const crossed = judged.filter(({ threshold, value, ok }) => threshold.kind === 'safety' && value !== null && !ok)
  // Nor is damage that a torn work may have done by itself, nor a holder who overran his lease because the machine stood still: that is nobody's lock.
  // Nor an overlap of which nobody knows whose it is, where the topology's are allowed. What overlapped otherwise stays a crime.
  const torn = tornWorks(testimony.events, testimony.plan)
  const isTorn = torn.failed + torn.unfinished + torn.stalled > 0
  const unclear = crossed.find(({ threshold }) => isOverlapsOf(threshold, 'unclear'))
  const mayBeAllowed =
    unclear !== undefined && isTopologyAllowed(parsed, findings, unclear.value!) ? unclear : undefined
  const crimes = crossed.filter(
    ({ threshold, value }) =>
      !(isTorn && isDamage(threshold)) &&
      !(mayBeAllowed && isOverlapsOf(threshold, 'unclear')) &&
      !keeps(threshold, value! - unprovenOf(threshold, findings)),
  )
  const early = endedEarly(testimony.events)
  const doubts = [
    ...failures,
    // What a drill lacks because its question was answered before its time was up is no doubt about the answer.
    ...(early && crimes.length > 0 ? [] : lackOfEvidence(testimony)),
    ...tornDoubts(torn, crossed.length > crimes.length),
    ...(mayBeAllowed ? [unclearDoubt(mayBeAllowed.value!, testimony.plan)] : []),
    ...(crossed.length > crimes.length ? clockDoubts(findings, testimony.plan) : []),
    ...(crimes.length > 0 ? [] : leaseDoubts({ plan: testimony.plan, events: testimony.events })),
    ...testimony.notes,
  ]
  if (early && crimes.length === 0)
    doubts.unshift(
      `the drill ended early, because ${early.threshold} seemed crossed, and its whole record does not say so`,
    )
  if (crimes.length > 0) return { findings, thresholds, verdict: 'invalid', unknownBecause: doubts }
  if (doubts.length > 0) return { findings, thresholds, verdict: 'unknown', unknownBecause: doubts }
  const { control, plan } = testimony
  // A control that is unknown proves as little as one that is valid.
  if (control && control.verdict !== 'invalid') {
    const blind = `this run could not have seen a broken lock: the control ${control.lock}, which ${plan.name} has to catch, came out ${control.verdict}`
    return { findings, thresholds, verdict: 'unknown', unknownBecause: [blind] }
  }
  return { findings, thresholds, verdict: 'valid', unknownBecause: [] }
}

/** That the drill ended before its time, and why; it can be invalid or unknown then, never valid. */
export function endedEarly(events: Events): Report['endedEarly'] {
  const event = phaseOf(events, 'ended-early')
  if (event === undefined) return undefined
  return { threshold: event.threshold ?? 'a threshold', atMs: event.t / 1e6 }
}

/** How much of what a safety threshold is about was found. */
export const countOf = (threshold: Threshold, findings: readonly Finding[]): number =>
  about(threshold, findings).reduce((sum, { count }) => sum + count, 0)

/** How much of that came of a stall that nobody planned, or may come of clocks that differ. */
const unprovenOf = (threshold: Threshold, findings: readonly Finding[]): number =>
  about(threshold, findings).reduce((sum, { stalled = 0, blurred = 0 }) => sum + stalled + blurred, 0)

const about = ({ name, tag }: Threshold, findings: readonly Finding[]): Finding[] =>
  findings.filter(({ metric, blame }) => metric === name && (tag === undefined || blame === tag.value))

/** Of several drills the first of 3, 1, 4, 99 that occurred; 3 is the environment's failure, which has no report. */
export function exitCode(
  reports: readonly Pick<Report, 'verdict' | 'thresholds'>[],
  { environmentFailed = false } = {},
): 0 | 1 | 3 | 4 | 99 {
  if (environmentFailed) return 3
  if (reports.some(({ verdict }) => verdict === 'invalid')) return 1
  if (reports.some(({ verdict }) => verdict === 'unknown')) return 4
  // A valid drill has kept its safety thresholds: what is crossed there is latency or service.
  if (reports.some(({ thresholds }) => thresholds.some(({ ok }) => !ok))) return 99
  return 0
}

const isOverlapsOf = ({ name, tag }: Threshold, blame: Blame): boolean => name === 'overlaps' && tag?.value === blame

/** Whether so many overlaps more would be allowed if they were the topology's. */
const isTopologyAllowed = (thresholds: readonly Threshold[], findings: readonly Finding[], more: number): boolean =>
  thresholds
    .filter((threshold) => isOverlapsOf(threshold, 'topology'))
    .every((threshold) => keeps(threshold, countOf(threshold, findings) + more))

const unclearDoubt = (count: number, { name }: Plan): string =>
  `of ${plural(count, 'overlap')} it is not known whose doing it was: the topology's, of which ${name} allows as many, or the lock's`

/** Whether a checker counts it. */
const isFound = ({ name }: Threshold): boolean =>
  Object.values<Checker>(checkers).some(({ metrics }) => metrics.includes(name))

/** Whether it counts what the ledger shows. */
const isDamage = ({ name }: Threshold): boolean =>
  (['duplicates', 'oversold', 'negative_stock', 'lost_updates'] satisfies (keyof Damage)[]).some(
    (metric) => metric === name,
  )

function tornDoubts({ failed, unfinished, stalled, error }: Torn, damaged: boolean): string[] {
  const doubts: string[] = []
  if (failed > 0)
    doubts.push(`the ledger failed in the middle of ${plural(failed, 'work')}: ${error ?? 'it gave no reason'}`)
  if (unfinished > 0 && damaged)
    doubts.push(`${plural(unfinished, 'work')} did not come to an end: the damage in the ledger may be theirs`)
  if (stalled > 0 && damaged)
    doubts.push(
      `the ledger or this machine stood still, and ${plural(stalled, 'work')} wrote after the end of the lease: the damage in the ledger, or the overlap, may be theirs`,
    )
  return doubts
}

function clockDoubts(findings: readonly Finding[], { clockErrorMs = 0 }: Plan): string[] {
  const blurred = findings.reduce((sum, finding) => sum + (finding.blurred ?? 0), 0)
  if (blurred === 0) return []
  return [
    `${plural(blurred, 'overlap')} ${blurred === 1 ? 'was' : 'were'} no longer than the clocks of the servers may differ (${clockErrorMs} ms): whether anybody held a key at once is not known`,
  ]
}

function runCheckers({ plan, events, damage, autoExtend = false }: Testimony, all: readonly Checker[]) {
  const evidence: Evidence = { plan, events, autoExtend, ...(damage && { damage }) }
  const findings: Finding[] = []
  const failures: string[] = []
  /** Metrics whose checker threw. */
  const uncounted = new Set<string>()
  for (const checker of all) {
    try {
      findings.push(...checker.check(evidence))
    } catch (error) {
      for (const metric of checker.metrics) uncounted.add(metric)
      failures.push(`the checker ${checker.name} threw: ${error instanceof Error ? error.stack : String(error)}`)
    }
  }
  return { findings, failures, uncounted }
}

/** null where nothing was measured. */
function valueOf(threshold: Threshold, findings: readonly Finding[], measured: Testimony['measured']): number | null {
  const { kind } = threshold
  if (kind === 'safety') return countOf(threshold, findings)
  if (kind === 'latency') return latencyValue(threshold, measured)
  // What a checker finds is counted there and nowhere else.
  const found = isFound(threshold) ? { [threshold.name]: countOf(threshold, findings) } : {}
  return serviceValue(threshold, { ...measured, counts: { ...measured.counts, ...found } })
}

function serviceValue({ name, aggregation }: Threshold, { counts, rates }: Testimony['measured']): number | null {
  const count = counts[name] ?? null
  if (aggregation === 'count' || rates[name] !== undefined) return aggregation === 'count' ? count : rates[name]!
  // The share of requests that were answered so.
  return count !== null && counts['requests'] ? count / counts['requests'] : null
}

function latencyValue(threshold: Threshold, { samplesMs }: Testimony['measured']): number | null {
  const sorted = samplesMs[threshold.name] ?? new Float64Array(0)
  if (threshold.aggregation === 'count') return sorted.length
  if (sorted.length === 0) return null
  switch (threshold.aggregation) {
    case 'avg':
      return sorted.reduce((sum, sample) => sum + sample, 0) / sorted.length
    case 'min':
      return sorted[0]!
    case 'med':
      return percentile(sorted, 50)
    case 'max':
      return sorted.at(-1)!
    default:
      return percentile(sorted, threshold.percentile!)
  }
}

/** Why so few: what the lock did with those who asked while the fault was on. */
function because(events: Events, fromMs: number | null, toMs: number): string {
  const fate = fromMs === null ? '' : acquiresDuring(events, fromMs * 1e6, toMs * 1e6)
  return fate === '' ? '' : `: ${fate}`
}

/** A script of somebody's own asks for what the doors do not have. */
function atTheDoor({ misunderstood = 0 }: Record<string, number>): string {
  if (misunderstood === 0) return ''
  return `: the servers' doors did not understand ${plural(misunderstood, 'request')}, see logs/server-1.log for the first`
}

function lackOfEvidence({ plan, events, faults, measured }: Testimony): string[] {
  const doubts: string[] = []
  const { grants, holdsDuringFault, switches = 0 } = plan.evidence
  const granted = grantsOf(holdsOf(events))
  const guard = plan.workload['guard'] as GuardName | undefined
  if (guard !== undefined && !takesLock(guard))
    doubts.push(`guard: ${guard} takes no lock: this drill tells what the guard does, and nothing of ${plan.lock.name}`)
  else if (granted < grants)
    doubts.push(
      `${plural(granted, 'grant')} ${granted === 1 ? 'was' : 'were'} seen, and ${plan.name} needs ${grants} to tell anything (evidence.grants)${atTheDoor(measured.counts)}`,
    )
  // A lock that takes back what it grants protects nothing, and nothing can be seen of how it does.
  const abandoned = measured.counts['abandoned'] ?? 0
  if (granted >= grants && granted - abandoned < grants)
    doubts.push(
      `of ${plural(granted, 'grant')} ${abandoned} led to no finished work, and ${plan.name} needs ${grants} that do (evidence.grants)`,
    )

  const switched = eventsOf(events, 'topology').filter(({ event }) => event === 'switch-master').length
  if (switched < switches)
    doubts.push(
      `the primary was replaced ${switched === 0 ? 'never' : `${plural(switched, 'time')} only`}, and ${plan.name} needs ${switches} to tell anything (evidence.switches)`,
    )

  for (const { fault, target, landed, appliedAtMs, healedAtMs, proof, holdsDuring } of faults) {
    if (!landed) doubts.push(`${fault} ${target} did not land: ${proof || 'nothing was seen of it'}`)
    else if (healedAtMs === null) doubts.push(`${fault} ${target} was not healed: ${proof}`)
    else if (holdsDuring < holdsDuringFault)
      doubts.push(
        `${plural(holdsDuring, 'hold')} ${holdsDuring === 1 ? 'was' : 'were'} seen during ${fault} ${target}, and ${plan.name} needs ${holdsDuringFault} to tell anything (evidence.holdsDuringFault)${because(events, appliedAtMs, healedAtMs)}`,
      )
  }
  if (faults.length < plan.faults.length)
    doubts.push(`of ${plural(plan.faults.length, 'planned fault')} the record shows ${faults.length}`)

  const interrupted = measured.counts['interrupted_iterations'] ?? 0
  if (interrupted > 0)
    doubts.push(
      `${plural(interrupted, 'iteration')} had not ended when the load was cut off; what became of the calls is not known (load.gracefulStop)`,
    )

  const told = {
    violation: 'the program of %s broke the protocol',
    exit: 'the program of %s ended unasked',
    contract: 'the lock of %s broke its contract',
  }
  for (const { phase } of eventsOf(events, 'phase')) if (phase === 'interrupted') doubts.push(interruptedDoubt)
  for (const event of eventsOf(events, 'adapter')) {
    if (event.event !== 'log' && event.event !== 'lag')
      doubts.push(`${format(told[event.event], serverOf(event.process))}: ${event.error ?? 'it gave no reason'}`)
  }
  return doubts
}
