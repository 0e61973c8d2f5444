import { callOf, kindOf, tableOf, type Events } from './event-table.ts'
import { eventsOf, phaseOf } from './kinds.ts'
import { Samples } from './samples.ts'
import { partitionPoint } from '../lib/partition-point.ts'

/** What callers wanted and got of one key, each list in the order of time, ns. */
interface Demand {
  invoked: number[]
  answered: number[]
  granted: number[]
}

/**
 * For every heal of a fault and every key that was wanted afterwards: how long until the key's first grant. The clock starts at the heal, or at
 * the first attempt where nobody was waiting then: time in which nobody asked is not the lock's. A key that was wanted and not granted
 * until the load ended counts with the time until then, which is a lower bound; left out, a lock that never recovers would look
 * best of all. O(n + heals · keys · log n).
 */
export function recoveries(events: Events): Samples {
  const samples = new Samples()
  const heals = eventsOf(events, 'fault').filter(({ stage, type }) => stage === 'healed' && type === 'ok')
  if (heals.length === 0) return samples
  const settle = phaseOf(events, 'settle')
  const endNs = (settle ?? events.at(-1)!).t
  const demands = demandsOf(events)
  for (const { t: healNs } of heals) {
    for (const { invoked, answered, granted } of demands.values()) {
      const invokedBefore = firstAfter(invoked, healNs)
      const waiting = invokedBefore > firstAfter(answered, healNs)
      const startNs = waiting ? healNs : invoked[invokedBefore]
      if (startNs === undefined) continue
      const grantNs = granted[firstAfter(granted, startNs)] ?? endNs
      if (grantNs > startNs) samples.addNs(grantNs - startNs)
    }
  }
  return samples
}

const asked = kindOf('acquire', 'invoke')
const granted = kindOf('acquire', 'ok')

/** By number of the key. */
function demandsOf(events: Events): Map<number, Demand> {
  const demands = new Map<number, Demand>()
  const { length, t, kind, key } = tableOf(events)
  for (let at = 0; at < length; at++) {
    if (callOf(kind[at]!) !== 'acquire') continue
    let demand = demands.get(key[at]!)
    if (demand === undefined) demands.set(key[at]!, (demand = { invoked: [], answered: [], granted: [] }))
    if (kind[at] === asked) demand.invoked.push(t[at]!)
    else demand.answered.push(t[at]!)
    if (kind[at] === granted) demand.granted.push(t[at]!)
  }
  return demands
}

/** Index of the first time after `t`; the length where there is none. */
const firstAfter = (times: readonly number[], t: number): number =>
  partitionPoint(times.length, (index) => times[index]! <= t)
