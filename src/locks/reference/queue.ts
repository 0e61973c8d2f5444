import type { Lease } from './lease.ts'
import type { Line } from './strategy.ts'
import type { Waiter } from './waiter.ts'

/** The callers of one key in this process, first come, first served; only the first is a waiter on Redis. */
export interface Queue {
  readonly key: string
  readonly waiters: Set<Waiter>
  /** Whose try is under way. */
  asking: Waiter | undefined
  /** What this process has. */
  held: Lease | undefined
  /** The turn came while a try was under way: its answer may be older. */
  stale: boolean
  place: Exclude<Line, 'none'>
  /** Of this turn. */
  grants: number
  sinceMs: number
  /** When the first one asks without being called. */
  alarm: NodeJS.Timeout | undefined
  /** Since when tries fail, and with what. */
  failing: { sinceMs: number; error: Error } | undefined
  /** Nobody needed it when it was last looked at: it is about to be forgotten. */
  leaving: boolean
}

export const openQueue = (key: string): Queue => ({
  key,
  waiters: new Set(),
  asking: undefined,
  held: undefined,
  stale: false,
  place: 'end',
  grants: 0,
  sinceMs: 0,
  alarm: undefined,
  failing: undefined,
  leaving: false,
})

export const first = ({ waiters }: Queue): Waiter | undefined =>
  waiters.size > 0 ? waiters.values().next().value : undefined

/** From now on this process has it, from a turn that begins here. */
export function holds(queue: Queue, lease: Lease, sinceMs: number): void {
  queue.held = lease
  queue.grants = 1
  queue.sinceMs = sinceMs
}

/** What is left of its lease; not positive if it has none. */
export const leftMs = ({ held }: Queue): number => (held?.validUntilMs ?? 0) - performance.now()

/** Nobody wants it, nobody has it: it can be forgotten. */
export const isIdle = ({ waiters, asking, held }: Queue): boolean => waiters.size === 0 && !asking && !held

export function calm(queue: Queue): void {
  clearTimeout(queue.alarm)
  queue.alarm = undefined
}

/** As it was when it was opened. */
export function rest(queue: Queue): void {
  queue.stale = false
  queue.place = 'end'
  queue.failing = undefined
}
