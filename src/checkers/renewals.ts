import { tableOf, type Events } from '../history/event-table.ts'
import type { Evidence } from './checker.ts'
import { serverAt, serverOf, type Hold } from './holds.ts'
import type { Scene } from './scene.ts'
import { partitionPoint } from '../lib/partition-point.ts'

/** What a lock promised of a lease that ran out. */
export interface Renewals {
  /** When an extension was asked for that the lock said yes to, though the key had expired by then, as its node saw it; undefined where none was. */
  saidYesNs(hold: Hold, expiredNs: number): number | undefined
  /** Whether the lock had promised to renew the lease by itself, and neither a fault nor a stall of its server kept it from that. */
  isOverdue(hold: Hold, expiredNs: number): boolean
}

/** Of a lease: a lock that renews in thirds of it has tried once in its last half. */
const lastShare = 0.5
/** A server that wrote nothing for so much of a lease may have stood still. */
const silentShare = 0.25

export function renewalsOf({ events, autoExtend = false }: Evidence, { incidents, sentinel }: Scene): Renewals {
  const overdue = new Map<number, boolean>()
  return {
    saidYesNs({ startNs, extensions }, expiredNs) {
      const yes = extensions.find(({ invokeNs }) => invokeNs > expiredNs)
      if (yes === undefined) return undefined
      // The lease may have lived on, on another primary.
      if (sentinel && incidents.switches.some(({ t }) => t > startNs && t <= yes.okNs)) return undefined
      return yes.invokeNs
    },
    isOverdue(hold, expiredNs) {
      if (!autoExtend || hold.ttlMs === undefined) return false
      let is = overdue.get(hold.index)
      if (is === undefined) {
        const fromNs = expiredNs - hold.ttlMs * 1e6 * lastShare
        is =
          !incidents.anyFault(fromNs, expiredNs) &&
          longestSilenceNs(events, serverOf(hold.process), fromNs, expiredNs) < hold.ttlMs * 1e6 * silentShare
        overdue.set(hold.index, is)
      }
      return is
    },
  }
}

/** How long the server wrote nothing, at most, in the window. */
function longestSilenceNs(events: Events, server: string, fromNs: number, toNs: number): number {
  let lastNs = fromNs
  let longest = 0
  const table = tableOf(events)
  const { length, t } = table
  const first = partitionPoint(length, (index) => t[index]! < fromNs)
  for (let at = first; at < length && t[at]! <= toNs; at++) {
    if (serverAt(table, at) !== server) continue
    longest = Math.max(longest, t[at]! - lastNs)
    lastNs = t[at]!
  }
  return Math.max(longest, toNs - lastNs)
}
