import { quote } from 'shlex'
import { holdsDuring, holdsOf } from './checkers/holds.ts'
import type { DrillRecord } from './drill.ts'
import type { FaultEvent } from './history/event.ts'
import type { Events } from './history/event-table.ts'
import { eventsOf, stagesOfFaults } from './history/kinds.ts'
import { measure } from './history/measure.ts'
import type { History } from './history/reader.ts'
import type { Plan } from './plan/scenario.ts'
import type { AttachChoice } from './runtimes/attach/stack.ts'
import type { Report } from './reporters/report.ts'
import { endedEarly, judge as decide } from './verdict.ts'

/** From what a drill saw to its report; pure. Where a control was run, the verdict also depends on whether that was caught. */
export function judge(record: DrillRecord, control?: Report['control']): Report {
  return inDoubt(judgeWhole(record, control), record.holes ?? 'none')
}

/** Why what was found in a history that is not whole convicts nobody; it is told all the same. */
const doubts: Record<Exclude<History['damage'], 'none'>, string> = {
  end: 'violations were seen before the place where the history breaks off, and stand; it is not whole, so that there is no verdict',
  middle: 'what was found may come of what is missing from the history',
}

function inDoubt(report: Report, holes: History['damage']): Report {
  if (holes === 'none' || report.verdict !== 'invalid') return report
  return { ...report, verdict: 'unknown', unknownBecause: [doubts[holes], ...report.unknownBecause] }
}

function judgeWhole(record: DrillRecord, control: Report['control']): Report {
  const { plan, events, damage, startedAt, durationMs, versions, commit } = record
  const measured = measure(events, plan.servers)
  const faults = faultsOf(record)
  const { findings, thresholds, verdict, unknownBecause } = decide({
    plan,
    events,
    damage,
    measured,
    faults,
    notes: record.notes,
    autoExtend: record.lock?.capabilities.autoExtend,
    control,
  })
  const early = endedEarly(events)
  const found = (metric: string) =>
    findings.filter((finding) => finding.metric === metric).reduce((sum, { count }) => sum + count, 0)
  return {
    schema: 1,
    scenario: plan.name,
    topology: plan.topology.kind,
    runtime: plan.runtime,
    lock: plan.lock.name,
    workload: plan.workload.kind,
    seed: plan.seed,
    startedAt: startedAt.toISOString(),
    durationMs: Math.round(durationMs),
    verdict,
    unknownBecause,
    ...(early && { endedEarly: early }),
    findings,
    counts: {
      ...measured.counts,
      overlaps: found('overlaps'),
      // A workload without a ledger has no damage to count, which is not the same as none.
      ...(damage && {
        duplicates: damage.duplicates,
        oversold: damage.oversold,
        negative_stock: damage.negative_stock,
        lost_updates: damage.lost_updates,
        stale_writes_refused: damage.stale_writes_refused,
      }),
      fence_violations: found('fence_violations'),
      foreign_releases: found('foreign_releases'),
      overclaims: found('overclaims'),
      leaked_keys: found('leaked_keys'),
      false_contention: found('false_contention'),
      unsettled: found('unsettled'),
    },
    ...(plan.recorded && { recorded: plan.recorded as Record<string, number> }),
    latencyMs: { ...measured.latencyMs, ...record.driven?.latencyMs },
    rates: measured.rates,
    ...(Object.keys(measured.lockCounters).length > 0 && { lockCounters: measured.lockCounters }),
    faults,
    thresholds: [...thresholds, ...(record.driven?.thresholds ?? [])],
    ...(control && { control }),
    reproduce: reproduce(plan),
    ...(commit !== undefined && { commit }),
    versions,
  }
}

/** What the control's own drill found, and when. */
export function caught(control: Report): NonNullable<Report['control']> {
  // A finding may be within its budget, or of a metric that convicts nobody.
  const crossed = new Set(control.thresholds.filter(({ ok }) => !ok).map(({ metric }) => metric.split('{')[0]))
  const findings = control.findings.filter(({ metric }) => crossed.has(metric))
  const first = findings.filter(({ first }) => first !== undefined).toSorted((a, b) => a.first!.atMs - b.first!.atMs)[0]
  const metric = first?.metric ?? findings[0]?.metric ?? null
  return { lock: control.lock, verdict: control.verdict, metric, afterMs: first?.first?.atMs ?? null }
}

/** A line for each fault, from its events: planned, applied, healed, and how many holds felt it. Times in ms since the drill's start. */
function faultsOf({ plan, events }: DrillRecord): Report['faults'] {
  const holds = holdsOf(events)
  const endNs = events.at(-1)?.t ?? 0
  const ms = (ns: number | undefined) => (ns === undefined ? null : ns / 1e6)
  return stagesOfFaults(events).map(([op, stages]) => {
    const at = (stage: FaultEvent['stage']) => stages.find((event) => event.stage === stage)
    const inject = at('inject')
    const landed = at('landed')
    const missed = at('missed')
    const healed = at('healed')
    const said = landed ?? missed
    const feltNs = landed && feltFrom(landed)
    const toNs = healed?.t ?? endNs
    return {
      fault: (said ?? plan.faults[op - 1] ?? stages[0]!).fault,
      target: (said ?? plan.faults[op - 1] ?? stages[0]!).target,
      plannedAtMs: ms(inject?.plannedNs ?? missed?.plannedNs),
      appliedAtMs: ms(feltNs),
      healedAtMs: healed?.type === 'ok' ? ms(healed.t) : null,
      landed: landed !== undefined,
      proof: [
        said?.proof ?? said?.error,
        ...(landed ? switchesAway(events, landed) : []),
        healed?.type === 'fail' ? `not healed: ${healed.error}` : '',
      ]
        .filter(Boolean)
        .join(', '),
      holdsDuring: feltNs === undefined ? 0 : holdsDuring(holds, feltNs, toNs, inject?.t),
    }
  })
}

const feltFrom = ({ t, feltNs = t }: FaultEvent) => feltNs

/** A primary that Sentinel gave up after the fault hit it, until the same node is hit again: part of what the fault did. */
function switchesAway(events: Events, landed: FaultEvent): string[] {
  const feltNs = feltFrom(landed)
  const hit = new Set(landed.target.split(/[^\w-]+/))
  const next = eventsOf(events, 'fault').find((event) => event.stage === 'landed' && feltFrom(event) > feltNs)
  return eventsOf(events, 'topology')
    .filter(({ event }) => event === 'switch-master')
    .filter((event) => hit.has(event.from ?? '') && event.t > feltNs && event.t < (next ? feltFrom(next) : Infinity))
    .map((event) => `+switch-master to ${event.to} after ${((event.t - feltNs) / 1e9).toFixed(3)} s`)
}

function attachFlags({
  file,
  redis = [],
  sentinels = [],
  toxiproxy,
  linkPorts,
  allowDestructive = [],
}: AttachChoice): string[] {
  const given = { attach: file, toxiproxy, 'link-ports': linkPorts }
  const lists = { redis, sentinel: sentinels, 'allow-destructive': allowDestructive }
  return [
    ...Object.entries(given).flatMap(([flag, value]) => (value === undefined ? [] : [`--${flag}`, value])),
    ...Object.entries(lists).flatMap(([flag, values]) => values.flatMap((value) => [`--${flag}`, value])),
  ]
}

/** The command that runs this drill again, to be pasted into a shell. */
function reproduce({ asked, topology, lock, seed, driver, runtime, images = {}, attach = {} }: Plan): string {
  if (asked.command !== undefined) return asked.command
  const options = Object.entries(asked.lockOptions).map(([name, value]) => `${name}=${String(value)}`)
  const words = ['picklock', 'run', asked.scenario, '--topology', topology.kind, '--lock', lock.spec]
  words.push('--seed', String(seed))
  if (runtime !== 'process') words.push('--runtime', runtime)
  words.push(...Object.entries(images).flatMap(([name, image]) => ['--image', `${name}=${image}`]))
  words.push(...attachFlags(attach))
  if (driver.name === 'k6') {
    words.push('--load', 'k6')
    if (driver.script !== undefined) words.push('--k6-script', driver.script)
    if (driver.instances > 1) words.push('--load-instances', String(driver.instances))
  }
  words.push(...asked.set.flatMap((set) => ['--set', set]))
  words.push(...options.flatMap((option) => ['--lock-option', option]))
  return words.map((word) => quote(word)).join(' ')
}
