import { callOf, kindOf, tableOf, type Events } from '../history/event-table.ts'
import { plural } from './damage.ts'
import { duration } from './words.ts'

/** What became of the acquires that were under way in a window. */
export interface Fates {
  granted: number
  contended: number
  unavailable: number
  uncertain: number
  /** Never answered. */
  open: number
  slowestMs: number
}

const asked = kindOf('acquire', 'invoke')
const granted = kindOf('acquire', 'ok')
const uncertain = kindOf('acquire', 'info')

/** O(n). */
export function fatesDuring(events: Events, fromNs: number, toNs: number): Fates {
  const invoked = new Map<number, number>()
  const fates: Fates = { granted: 0, contended: 0, unavailable: 0, uncertain: 0, open: 0, slowestMs: 0 }
  const table = tableOf(events)
  for (let at = 0; at < table.length; at++) {
    const kind = table.kind[at]!
    if (callOf(kind) !== 'acquire') continue
    const [t, op] = [table.t[at]!, table.op[at]!]
    if (kind === asked) {
      if (t < toNs) invoked.set(op, t)
      continue
    }
    const invokedNs = invoked.get(op)
    invoked.delete(op)
    if (invokedNs === undefined || t <= fromNs) continue
    fates.slowestMs = Math.max(fates.slowestMs, (t - invokedNs) / 1e6)
    if (kind === granted) fates.granted++
    else if (kind === uncertain) fates.uncertain++
    else if (table.rest(at).error === 'contended') fates.contended++
    else fates.unavailable++
  }
  return { ...fates, open: invoked.size }
}

/**
 * The same in words, and how long the slowest took: why there were so few grants. Empty where there were none.
 */
export function acquiresDuring(events: Events, fromNs: number, toNs: number): string {
  const { granted, contended, unavailable, uncertain, open, slowestMs } = fatesDuring(events, fromNs, toNs)
  const answered = granted + contended + unavailable + uncertain
  if (answered + open === 0) return ''
  const parts = [
    `${granted} granted`,
    contended > 0 ? `${contended} refused as contended` : '',
    unavailable > 0 ? `${unavailable} as unavailable` : '',
    uncertain > 0 ? `${uncertain} without a certain outcome` : '',
    open > 0 ? `${open} never answered` : '',
  ]
  const slowest = answered > 0 ? `; the slowest took ${duration(Math.round(slowestMs))}` : ''
  return `of ${plural(answered + open, 'acquire')} under way then ${parts.filter(Boolean).join(', ')}${slowest}`
}
