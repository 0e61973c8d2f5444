import type { Events } from '../history/event-table.ts'
import { eventsOf } from '../history/kinds.ts'
import { seconds } from './words.ts'

/** What happened to the nodes, besides what locks did: switches of the primary, deaths, and faults that take keys away. */
export interface Incidents {
  switches: readonly { t: number; from: string; to: string }[]
  /** The last time at which the node died in the window. */
  downNs(node: string, fromNs: number, toNs: number): number | undefined
  /** A fault of that name on that node whose time touches the window: when it was injected. */
  faultNs(fault: string, node: string, fromNs: number, toNs: number): number | undefined
  /** Whether any fault at all was on in the window. */
  anyFault(fromNs: number, toNs: number): boolean
}

export function incidentsOf(events: Events): Incidents {
  const switches: { t: number; from: string; to: string }[] = []
  const downs: { t: number; node: string }[] = []
  const faults = new Map<number, { fault: string; target: string; fromNs: number; toNs: number }>()
  for (const { event, t, node, from = '', to = node } of eventsOf(events, 'topology')) {
    if (event === 'switch-master') switches.push({ t, from, to })
    if (event === 'down') downs.push({ t, node })
  }
  for (const { op, stage, t, fault, target } of eventsOf(events, 'fault')) {
    const known = faults.get(op)
    if (stage === 'healed' && known) known.toNs = t
    else if (stage === 'inject') faults.set(op, { fault, target, fromNs: t, toNs: Infinity })
  }
  return {
    switches,
    downNs: (node, fromNs, toNs) =>
      downs.findLast((down) => down.node === node && down.t >= fromNs && down.t <= toNs)?.t,
    faultNs(fault, node, fromNs, toNs) {
      for (const known of faults.values())
        if (known.fault === fault && known.fromNs <= toNs && known.toNs >= fromNs && names(known.target, node))
          return known.fromNs
      return undefined
    },
    anyFault: (fromNs, toNs) => [...faults.values()].some((known) => known.fromNs <= toNs && known.toNs >= fromNs),
  }
}

/** `redis-1` is named by `redis-1, redis-2` and not by `redis-11`. */
const names = (label: string, node: string) => label.split(/[^\w-]+/).includes(node)

/** `redis-1 died at 5.003 s, `, or nothing. */
export const died = (incidents: Incidents, node: string, fromNs: number, toNs: number): string => {
  const t = incidents.downNs(node, fromNs, toNs)
  return t === undefined ? '' : `${node} died at ${seconds(t)}, `
}
