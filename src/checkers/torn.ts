import { callOf, kindOf, tableOf, type Events } from '../history/event-table.ts'
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

const cache = new WeakMap<Events, Torn>()

/** O(n), once per history. */
export function tornWorks(events: Events, plan: Plan): Torn {
  let torn = cache.get(events)
  if (!torn) cache.set(events, (torn = build(events, plan)))
  return torn
}

const granted = kindOf('acquire', 'ok')
const extendAsked = kindOf('extend', 'invoke')
const extended = kindOf('extend', 'ok')
const workBegun = kindOf('work', 'invoke')
const worked = kindOf('work', 'ok')
const workFailed = kindOf('work', 'info')

function build(events: Events, plan: Plan): Torn {
  const stalledGrants = new Set<number>()
  const torn: Torn = { failed: 0, unfinished: 0, stalled: 0, stalledGrants, error: undefined }
  const grants = new OpTable()
  const invokes = invokesOf(events)
  const renewals = new Map<number, Renewals>()
  const workMaxNs = workMaxMs(plan) * 1e6
  const ttlNs = plan.lock.ttlMs * 1e6
  const meant = stallsAreMeant(plan)
  const table = tableOf(events)
  for (let at = 0; at < table.length; at++) {
    const kind = table.kind[at]!
    const call = callOf(kind)
    if (call === undefined) continue
    const [t, op, grant] = [table.t[at]!, table.op[at]!, table.grant[at]!]
    if (kind === granted) grants.set(op, at)
    else if (call === 'extend' && kind !== extendAsked && grant >= 0) {
      const known = renewals.get(grant) ?? { tookNs: 0, lastNs: -Infinity }
      known.tookNs += t - (table.t[invokes.before(op, at)] ?? t)
      if (kind === extended) known.lastNs = t
      renewals.set(grant, known)
    } else if (kind === workBegun) torn.unfinished++
    else if (call === 'work') {
      const begunNs = table.t[invokes.before(op, at)]
      if (begunNs !== undefined) torn.unfinished--
      if (kind === workFailed) {
        torn.failed++
        torn.error ??= table.rest(at).error
      }
      const grantedNs = grant < 0 ? undefined : table.t[grants.get(grant)]
      if (meant || kind !== worked || begunNs === undefined || grantedNs === undefined) continue
      const { tookNs, lastNs } = renewals.get(grant) ?? { tookNs: 0, lastNs: -Infinity }
      const stallNs = t - begunNs - workMaxNs - tookNs
      // A lock's own claim ends a little before the lease does.
      const leaseEndNs = Math.max(grantedNs, lastNs) + ttlNs * claimShare
      if (t <= leaseEndNs || t - stallNs > leaseEndNs) continue
      torn.stalled++
      stalledGrants.add(grant)
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
