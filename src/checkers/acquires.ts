import type { Event } from '../history/event.ts'
import { plural } from './damage.ts'
import { duration } from './words.ts'

/**
 * What became of the acquires that were under way in a window, and how long the slowest took: why there were so few grants. Empty where
 * there were none. O(n).
 */
export function acquiresDuring(events: readonly Event[], fromNs: number, toNs: number): string {
  const invoked = new Map<number, number>()
  let [asked, granted, contended, unavailable, uncertain, slowestNs] = [0, 0, 0, 0, 0, 0]
  for (const event of events) {
    if (event.f !== 'acquire') continue
    if (event.type === 'invoke') {
      if (event.t < toNs) invoked.set(event.op, event.t)
      continue
    }
    const invokedNs = invoked.get(event.op)
    invoked.delete(event.op)
    if (invokedNs === undefined || event.t <= fromNs) continue
    asked++
    slowestNs = Math.max(slowestNs, event.t - invokedNs)
    if (event.type === 'ok') granted++
    else if (event.type === 'info') uncertain++
    else if (event.error === 'contended') contended++
    else unavailable++
  }
  const open = invoked.size
  if (asked + open === 0) return ''
  const parts = [
    `${granted} granted`,
    contended > 0 ? `${contended} refused as contended` : '',
    unavailable > 0 ? `${unavailable} as unavailable` : '',
    uncertain > 0 ? `${uncertain} without a certain outcome` : '',
    open > 0 ? `${open} never answered` : '',
  ]
  const slowest = asked > 0 ? `; the slowest took ${duration(Math.round(slowestNs / 1e6))}` : ''
  return `of ${plural(asked + open, 'acquire')} under way then ${parts.filter(Boolean).join(', ')}${slowest}`
}
