import type { Event } from '../history/event.ts'
import { invokesOf } from '../history/invokes.ts'
import { OpTable } from '../history/op-table.ts'
import type { Plan } from '../plan/scenario.ts'

/** Works that may have harmed the ledger whatever the lock did. */
export interface Torn {
  /** The ledger itself failed in the middle of them (it died, or was too slow): what was asked of it may still happen later. */
  failed: number
  /** They have no end in the record: their server died, or was ended while they went on. */
  unfinished: number
  /**
   * They wrote after their lease had ended, and would not have without a stall that nobody planned: the ledger or the whole machine stood
   * still. Beyond `workMs` and its calls of the lock a work needs next to no time.
   */
  stalled: number
  /** Their grants. */
  stalledGrants: ReadonlySet<number>
  /** What the first that failed was told. */
  error: string | undefined
}

const cache = new WeakMap<readonly Event[], Torn>()

/** O(n), once per history. */
export function tornWorks(events: readonly Event[], plan: Plan): Torn {
  let torn = cache.get(events)
  if (!torn) cache.set(events, (torn = build(events, plan)))
  return torn
}

function build(events: readonly Event[], plan: Plan): Torn {
  const stalledGrants = new Set<number>()
  const torn: Torn = { failed: 0, unfinished: 0, stalled: 0, stalledGrants, error: undefined }
  const grants = new OpTable()
  const invokes = invokesOf(events)
  const renewals = new Map<number, Renewals>()
  const workMaxNs = workMaxMs(plan) * 1e6
  const ttlNs = plan.lock.ttlMs * 1e6
  const meant = stallsAreMeant(plan)
  for (let at = 0; at < events.length; at++) {
    const event = events[at]!
    if (event.f === 'acquire' && event.type === 'ok') grants.set(event.op, at)
    else if (event.f === 'extend' && event.type !== 'invoke' && event.grant !== undefined) {
      const known = renewals.get(event.grant) ?? { tookNs: 0, lastNs: -Infinity }
      known.tookNs += event.t - (events[invokes.before(event.op, at)]?.t ?? event.t)
      if (event.type === 'ok') known.lastNs = event.t
      renewals.set(event.grant, known)
    } else if (event.f !== 'work') continue
    else if (event.type === 'invoke') {
      torn.unfinished++
    } else {
      const begun = events[invokes.before(event.op, at)]
      if (begun !== undefined) torn.unfinished--
      if (event.type === 'info') {
        torn.failed++
        torn.error ??= event.error
      }
      const granted = event.grant === undefined ? undefined : events[grants.get(event.grant)]
      if (meant || event.type !== 'ok' || begun === undefined || granted === undefined) continue
      const { tookNs, lastNs } = renewals.get(event.grant!) ?? { tookNs: 0, lastNs: -Infinity }
      const stallNs = event.t - begun.t - workMaxNs - tookNs
      // A lock's own claim ends a little before the lease does.
      const leaseEndNs = Math.max(granted.t, lastNs) + ttlNs * claimShare
      if (event.t <= leaseEndNs || event.t - stallNs > leaseEndNs) continue
      torn.stalled++
      stalledGrants.add(event.grant!)
    }
  }
  return torn
}

interface Renewals {
  /** All of its calls together, whatever they answered. */
  tookNs: number
  /** When the last one was granted. */
  lastNs: number
}

const claimShare = 0.95

function workMaxMs({ workload }: Plan): number {
  const { max } = (workload['workMs'] ?? {}) as { max?: unknown }
  return typeof max === 'number' ? max : 0
}

/** Where servers themselves are paused or blocked, what comes of it is what the drill is after. */
const stallsAreMeant = ({ faults }: Plan): boolean =>
  faults.some(({ target }) => /^(server|holder)/.test(target) && !target.includes('→'))
