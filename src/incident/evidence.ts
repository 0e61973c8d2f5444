import { fatesDuring } from '../checkers/acquires.ts'
import { tableOf, type Events } from '../history/event-table.ts'
import { eventsOf } from '../history/kinds.ts'
import type { Report } from '../reporters/report.ts'
import type { Evidence, Moment } from './record.ts'

/** Beyond that nobody reads a timeline; what is left out is counted. */
const momentsMax = 40

/** What a post-mortem wants to know of a drill beyond its report: when what happened, and what callers saw while it was broken. Pure. */
export function evidenceOf(report: Report, events: Events): Evidence {
  const all = momentsOf(report, events).toSorted((a, b) => a.atMs - b.atMs)
  return {
    moments: all.slice(0, momentsMax),
    momentsLeftOut: Math.max(0, all.length - momentsMax),
    duringFaults: report.faults.flatMap(({ fault, appliedAtMs, healedAtMs }, index) => {
      // From when hands were laid on it: what it does is felt before it is proved.
      const fromMs = injectedAtMs(events, index + 1) ?? appliedAtMs
      if (fromMs === null) return []
      const toMs = healedAtMs ?? report.durationMs
      return [{ fault, fromMs, toMs, acquires: fatesDuring(events, fromMs * 1e6, toMs * 1e6) }]
    }),
  }
}

function momentsOf({ faults, findings, endedEarly }: Report, events: Events): Moment[] {
  const moments: Moment[] = []
  for (const event of tableOf(events).others()) {
    const atMs = event.t / 1e6
    if (event.f === 'phase' && ['load', 'settle', 'end', 'interrupted'].includes(event.phase))
      moments.push({ atMs, what: event.phase as 'load' })
    if (event.f === 'topology' && told.has(event.event))
      moments.push({ atMs, what: event.event as 'down', who: event.to ?? event.node })
  }
  for (const { fault, target, appliedAtMs, healedAtMs, proof, landed } of faults) {
    if (landed && appliedAtMs !== null) moments.push({ atMs: appliedAtMs, what: 'landed', who: target, fault, proof })
    if (landed && healedAtMs !== null) moments.push({ atMs: healedAtMs, what: 'healed', who: target, fault })
  }
  for (const { metric, blame, count, first } of findings)
    if (first) moments.push({ atMs: first.atMs, what: 'found', who: first.key, metric, count, ...(blame && { blame }) })
  if (endedEarly) moments.push({ atMs: endedEarly.atMs, what: 'ended-early', who: endedEarly.threshold })
  return moments
}

const told = new Set(['down', 'up', 'paused', 'resumed', 'switch-master'])

function injectedAtMs(events: Events, op: number): number | undefined {
  const event = eventsOf(events, 'fault').find((each) => each.op === op && each.stage === 'inject')
  return event && event.t / 1e6
}
