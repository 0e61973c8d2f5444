import { blamer } from './blame.ts'
import type { Judgement } from './blame-node.ts'
import { tableOf } from '../history/event-table.ts'
import type { Blame, Checker } from './checker.ts'
import { holdAt, holdsOf, overlappingPairs, serverOfHold, toldApart, type Holds } from './holds.ts'
import { tornWorks } from './torn.ts'
import { seconds } from './words.ts'

const blames = ['lock', 'topology', 'holder', 'unclear'] as const satisfies readonly Blame[]

interface Tally {
  count: number
  keys: Set<number>
  /** Pairs of two servers; the others are two callers of one. */
  ofTwoServers: number
  /** Pairs whose first holder was kept from its work by a stall that nobody planned. */
  stalled: number
  /** Pairs whose overlap is no longer than the clocks of their servers may differ. */
  blurred: number
  first: number
  second: number
  judgement: Judgement
}

/** Pairs of holds of one key whose beliefs overlap: one finding for each blame, with its count and its first pair. */
export const exclusion = {
  name: 'exclusion',
  title: 'Two callers that believed to hold one key at once, and who is to blame for it',
  metrics: ['overlaps'],
  check(evidence) {
    const holds = holdsOf(evidence.events)
    const tallies = new Map<Blame, Tally>()
    const isStalled = (hold: number) =>
      tornWorks(evidence.events, evidence.plan).stalledGrants.has(tableOf(evidence.events).op[holds.okAt[hold]!]!)
    let judge: ReturnType<typeof blamer> | undefined
    overlappingPairs(holds, (first, second) => {
      judge ??= blamer(evidence)
      const judgement = judge(first, second)
      const ofTwoServers = serverOfHold(holds, first) === serverOfHold(holds, second) ? 0 : 1
      const tally = tallies.get(judgement.blame)
      const blurred = isBlurred(holds, first, second, evidence.plan.clockErrorMs) ? 1 : 0
      const stalled = blurred === 0 && judgement.blame === 'holder' && isStalled(first) ? 1 : 0
      if (tally) {
        tally.count++
        tally.stalled += stalled
        tally.blurred += blurred
        tally.ofTwoServers += ofTwoServers
        tally.keys.add(holds.keyOf[first]!)
      } else
        tallies.set(judgement.blame, {
          count: 1,
          ofTwoServers,
          stalled,
          blurred,
          keys: new Set([holds.keyOf[first]!]),
          first,
          second,
          judgement,
        })
    })
    return blames.flatMap((blame) => {
      const tally = tallies.get(blame)
      return tally ? [finding(holds, blame, tally)] : []
    })
  },
} satisfies Checker

function finding(
  holds: Holds,
  blame: Blame,
  { count, stalled, blurred, keys, ofTwoServers, first, second, judgement }: Tally,
) {
  const causes = judgement.causes?.() ?? []
  const [a, b] = toldApart(holdAt(holds, first), holdAt(holds, second))
  const who = ofTwoServers === count ? 'two servers' : ofTwoServers > 0 ? 'two callers' : 'two callers of one server'
  const what = keys.size === 1 ? a.key : `one key`
  const times = count === 1 ? 'once' : `${count} times`
  const where = keys.size === 1 ? '' : `, on ${keys.size} keys`
  const when = keys.size === 1 ? '' : ` on ${a.key}`
  const message =
    `${who} held ${what} at once, ${times}${where} (blame: ${blame}). First at ${seconds(b.startNs)}${when}: ` +
    `${a.server} held it from ${seconds(a.startNs)}, ${b.server} was granted it too; ${judgement.story()}`
  return {
    checker: 'exclusion',
    metric: 'overlaps',
    blame,
    count,
    ...(stalled > 0 && { stalled }),
    ...(blurred > 0 && { blurred }),
    message,
    first: { key: a.key, atMs: b.startNs / 1e6, ops: [a.op, b.op] },
    ...(causes.length > 0 && { causes }),
  }
}

/** Two callers of one server have one clock. */
function isBlurred(holds: Holds, first: number, second: number, clockErrorMs = 0): boolean {
  if (clockErrorMs === 0 || serverOfHold(holds, first) === serverOfHold(holds, second)) return false
  const { startNs, endNs } = holds
  return Math.min(endNs[first]!, endNs[second]!) - startNs[second]! <= clockErrorMs * 1e6
}
