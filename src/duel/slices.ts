import type { Event } from '../history/event.ts'
import type { Events } from '../history/event-table.ts'
import { phaseOf } from '../history/kinds.ts'
import { measure } from '../history/measure.ts'
import { slicesOf, type Timing, type Turn } from './timing.ts'

/** What a duel can compare: ms, less is better. */
export const duelMetrics = ['acquire_wait', 'handoff', 'release_duration'] as const
export type DuelMetric = (typeof duelMetrics)[number]

/** The samples of one slice by metric: ms, ascending. */
export type Slice = Readonly<Record<DuelMetric, Float64Array>>

/** The history of one side, taken apart by its slices; pure. Whatever becomes of an acquire counts in the slice in which it was asked for. */
export function sliced(events: Events, turn: Turn, timing: Timing, servers: number): Slice[] {
  const loadNs = phaseOf(events, 'load')?.t ?? Infinity
  const starts = slicesOf(turn, timing).map((startMs) => loadNs + startMs * 1e6)
  const parts: Event[][] = starts.map(() => [])
  const sliceOf = new Map<number, number>()
  let slice = -1
  for (const event of events) {
    while (slice + 1 < starts.length && event.t >= starts[slice + 1]!) slice++
    if (event.f !== 'acquire' && event.f !== 'release') continue
    const acquire = event.f === 'acquire' ? event.op : event.grant
    if (acquire === undefined) continue
    if (event.f === 'acquire' && event.type === 'invoke') sliceOf.set(acquire, slice)
    parts[sliceOf.get(acquire) ?? -1]?.push(event)
  }
  return parts.map((part) => {
    const { samplesMs } = measure(part, servers)
    return Object.fromEntries(duelMetrics.map((metric) => [metric, samplesMs[metric]!])) as Record<
      DuelMetric,
      Float64Array
    >
  })
}
