import type { Event } from '../history/event.ts'
import { eventsOf } from '../history/kinds.ts'
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

/** O(n). */
export function fatesDuring(events: readonly Event[], fromNs: number, toNs: number): Fates {
  const invoked = new Map<number, number>()
  const fates: Fates = { granted: 0, contended: 0, unavailable: 0, uncertain: 0, open: 0, slowestMs: 0 }
  for (const event of eventsOf(events, 'acquire')) {
    if (event.type === 'invoke') {
      if (event.t < toNs) invoked.set(event.op, event.t)
      continue
    }
    const invokedNs = invoked.get(event.op)
    invoked.delete(event.op)
    if (invokedNs === undefined || event.t <= fromNs) continue
    fates.slowestMs = Math.max(fates.slowestMs, (event.t - invokedNs) / 1e6)
    if (event.type === 'ok') fates.granted++
    else if (event.type === 'info') fates.uncertain++
    else if (event.error === 'contended') fates.contended++
    else fates.unavailable++
  }
  return { ...fates, open: invoked.size }
}

/**
 * The same in words, and how long the slowest took: why there were so few grants. Empty where there were none.
 */
export function acquiresDuring(events: readonly Event[], fromNs: number, toNs: number): string {
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
