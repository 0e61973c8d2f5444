import type { Cycles } from './cycles.ts'
import { type ContenderName, contenders } from './index.ts'
import { median, quantile } from './measures.ts'
import type { Contended, Quorum, Uncontended } from './runs.ts'

/** What a lock did round by round; a text is the reason why it could not. */
export interface Rounds {
  contended: (Contended | string)[]
  uncontended: (Uncontended | string)[]
  /** Undefined for a lock that has no form for a quorum. */
  quorum: (Quorum | undefined | string)[]
  asymmetric: (number[] | undefined | string)[]
}

export type Results = Partial<Record<ContenderName, Rounds>>

/** Medians over the rounds; a part that was not measured is left out. */
export interface Figures {
  title: string
  waits: string
  contended?: ReturnType<typeof contendedFigures>
  uncontended?: ReturnType<typeof uncontendedFigures>
  quorum?: ReturnType<typeof rushFigures>
  asymmetric?: { medianMs: number; maxMs: number; starts: number }
  /** Why runs are missing. */
  failures: string[]
}

/** The median PING of each round, all locks' together, ms. */
export interface Pings {
  /** During the runs. */
  runMs: number[]
  /** After a rest as long as a hold, which is how a hand-over finds the machine, too. */
  restedMs: number[]
  /** One right after the other. */
  busyMs: number[]
}

export function pings(results: Results): Pings {
  const all = Object.values(results).map(({ contended }) => contended)
  const rounds = Array.from({ length: Math.max(0, ...all.map(({ length }) => length)) }, (_, round) =>
    good(all.map((runs) => runs[round])),
  )
  return {
    runMs: rounds.map((runs) => median(runs.flatMap((run) => run.pingsMs))),
    restedMs: rounds.map((runs) => median(runs.flatMap((run) => run.restedPingsMs))),
    busyMs: rounds.map((runs) => median(runs.flatMap((run) => run.busyPingsMs))),
  }
}

export async function figures(results: Results): Promise<Partial<Record<ContenderName, Figures>>> {
  const pingsMs = pings(results)
  const found: Partial<Record<ContenderName, Figures>> = {}
  for (const [name, rounds] of Object.entries(results) as [ContenderName, Rounds][]) {
    // One that cannot even be loaded has failed in each round, and says why there.
    const { title, waits } = await loaded(name).catch(() => ({ title: name, waits: '-' }))
    found[name] = { title, waits, ...ofOne(rounds, pingsMs) }
  }
  return found
}

const loaded = async (name: ContenderName) => contenders[name]()

function ofOne(rounds: Rounds, pingsMs: Pings): Omit<Figures, 'title' | 'waits'> {
  const { contended, uncontended, quorum, asymmetric } = rounds
  const starts = good(asymmetric).flat()
  return {
    ...(good(contended).length > 0 && { contended: contendedFigures(contended, pingsMs) }),
    ...(good(uncontended).length > 0 && { uncontended: uncontendedFigures(good(uncontended)) }),
    ...(good(quorum).length > 0 && { quorum: rushFigures(good(quorum)) }),
    ...(starts.length > 0 && {
      asymmetric: { medianMs: median(starts), maxMs: Math.max(...starts), starts: starts.length },
    }),
    failures: [...new Set(Object.values(rounds).flat())].filter((round) => typeof round === 'string'),
  }
}

const rushFigures = (runs: Quorum[]) => ({
  grants: median(runs.map(({ grants }) => grants)),
  holdMs: median(runs.map(({ holdMs }) => holdMs)),
  wallMs: median(runs.map(({ wallMs }) => wallMs)),
  serialShare: median(runs.map(({ serialShare }) => serialShare)),
  handOverP50Ms: median(runs.map(({ handOversMs }) => quantile(handOversMs, 0.5))),
  handOverP99Ms: median(runs.map(({ handOversMs }) => quantile(handOversMs, 0.99))),
  fairness: median(runs.map(({ fairness }) => fairness)),
  // Sums, not medians: one is too many.
  overlaps: sum(runs.map(({ overlaps }) => overlaps)),
  lostUpdates: sum(runs.map(({ lostUpdates }) => lostUpdates)),
})

function contendedFigures(rounds: (Contended | string)[], { restedMs, busyMs }: Pings) {
  const runs = good(rounds)
  const ownPings = (q: number) => median(runs.map((run) => quantile(run.handOversMs, q) / median(run.pingsMs)))
  const multiple = (q: number, pingsMs: number[]) =>
    median(rounds.flatMap((run, at) => (typeof run === 'string' ? [] : [quantile(run.handOversMs, q) / pingsMs[at]!])))
  return {
    ...rushFigures(runs),
    requestsPerGrant: median(runs.map((run) => run.requestsPerGrant.all)),
    requestsButReleases: median(runs.map((run) => run.requestsPerGrant.butReleases)),
    pingMs: median(runs.map((run) => median(run.pingsMs))),
    handOverPings: { p50: ownPings(0.5), p99: ownPings(0.99) },
    handOverRestedPings: { p50: multiple(0.5, restedMs), p99: multiple(0.99, restedMs) },
    handOverBusyPings: { p50: multiple(0.5, busyMs), p99: multiple(0.99, busyMs) },
  }
}

function uncontendedFigures(runs: Uncontended[]) {
  const { acquire, release, lanes } = runs[0]!
  /** Slice against slice of the same turn, so that a slow moment of the machine is in both. */
  const ratio = (count: string, to: keyof Cycles) =>
    median(
      runs.flatMap((run) => {
        const cycles = run.lanes[Number(count)]!
        return cycles.lock.map((rate, slice) => rate / cycles[to][slice]!)
      }),
    )
  const ofLane = (count: string) => ({
    perSecond: median(runs.flatMap((run) => run.lanes[Number(count)]!.lock)),
    toReplayed: ratio(count, 'replayed'),
    toPlain: ratio(count, 'plain'),
    toBare: ratio(count, 'bare'),
  })
  return {
    acquire,
    release,
    commands: acquire.length + release.length,
    lanes: Object.fromEntries(Object.keys(lanes).map((count) => [count, ofLane(count)])),
  }
}

const good = <Value>(rounds: (Value | string | undefined)[]): Value[] =>
  rounds.filter((round): round is Value & {} => round !== undefined && typeof round !== 'string')

const sum = (values: number[]) => values.reduce((total, value) => total + value, 0)
