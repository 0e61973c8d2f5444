import { checkers } from '../checkers/index.ts'
import type { Checker, Finding } from '../checkers/checker.ts'
import { serverOf } from '../checkers/holds.ts'
import type { Event } from '../history/event.ts'
import { phaseOf } from '../history/kinds.ts'
import type { Plan } from '../plan/scenario.ts'
import { keeps, type Threshold } from '../plan/thresholds.ts'
import { countOf } from '../verdict.ts'

/** An event is in its file soon after its time; those of the nodes are read from a socket first, and twice as late as it was once they may be again. */
const settledNs = 250e6
const lateShare = 2

/**
 * The part of a growing history that is whole: no event of before `untilNs` can still come. Every server has spoken since, so that none of
 * them holds back a release that its successor has already followed; one that stands still holds up the question, and one that died does not.
 */
export class SoFar {
  readonly #servers: readonly string[]
  readonly #lastWordNs = new Map<string, number>()
  readonly #deadSinceNs = new Map<string, number>()
  #settledNs = settledNs
  #whole: Event[] = []
  #pending: Event[] = []

  constructor(servers: readonly string[]) {
    this.#servers = servers
  }

  /** Takes what was read, in any order between the processes; gives the whole part, sorted, or undefined where it did not grow. */
  add(events: readonly Event[], nowNs: number): Event[] | undefined {
    for (const event of events) {
      this.#pending.push(event)
      const { process, t } = event
      if (process.startsWith('server-')) this.#lastWordNs.set(serverOf(process), t)
      else if (event.f === 'key' && event.event === 'late')
        this.#settledNs = Math.max(this.#settledNs, (event.lagNs ?? 0) * lateShare)
      else if (event.f === 'topology' && event.event === 'down') this.#deadSinceNs.set(event.node, t)
    }
    const untilNs = Math.min(nowNs - this.#settledNs, ...this.#servers.map((server) => this.#knownUntil(server)))
    const ripe = this.#pending.filter(({ t }) => t <= untilNs).sort((a, b) => a.t - b.t)
    if (ripe.length === 0) return undefined
    this.#pending = this.#pending.filter(({ t }) => t > untilNs)
    const isLater = ripe[0]!.t >= (this.#whole.at(-1)?.t ?? 0)
    // A fresh array each time: what is derived from a history is remembered by its identity.
    this.#whole = this.#whole.concat(ripe)
    if (!isLater) this.#whole.sort((a, b) => a.t - b.t)
    return this.#whole
  }

  get size(): number {
    return this.#whole.length + this.#pending.length
  }

  #knownUntil(server: string): number {
    const lastWordNs = this.#lastWordNs.get(server) ?? -Infinity
    const deadSinceNs = this.#deadSinceNs.get(server)
    return deadSinceNs !== undefined && deadSinceNs >= lastWordNs ? Infinity : lastWordNs
  }
}

/** Of the thresholds that may end the drill, the first that what was seen so far has crossed. A checker that cannot work with it says nothing. */
export function crossedSoFar(
  thresholds: readonly Threshold[],
  plan: Plan,
  events: readonly Event[],
  all: readonly Checker[] = Object.values(checkers),
): Threshold | undefined {
  const loadNs = phaseOf(events, 'load')?.t
  if (loadNs === undefined) return undefined
  const loadMs = (events.at(-1)!.t - loadNs) / 1e6
  const due = thresholds.filter(({ delayAbortEvalMs }) => loadMs >= delayAbortEvalMs)
  const findings = all
    .filter(({ metrics }) => due.some(({ name }) => metrics.includes(name)))
    .flatMap((checker) => findingsOf(checker, plan, events))
  return due.find((threshold) => !keeps(threshold, countOf(threshold, findings)))
}

function findingsOf(checker: Checker, plan: Plan, events: readonly Event[]): Finding[] {
  try {
    return checker.check({ plan, events })
  } catch {
    // The verdict will tell: it runs the same checker on the whole history.
    return []
  }
}
