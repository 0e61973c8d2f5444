import type { Counts, Leak } from './book.ts'
import type { Back, Look } from './watch.ts'

/** The whole time that was watched. */
export interface Summary {
  node: string
  how: Look['how']
  forMs: number
  counts: Counts
  locks: number
  withoutTtl: number
  /** Locks that live on for longer than the limit. */
  overLimit: number
  locksMax: number
  usedBytes: number
  usedMaxBytes: number
  limitBytes: number
  alarms: number
  /** The first of each kind. */
  leaks: Leak[]
  /** How often the connection was lost, and for how long in all. */
  gaps: { count: number; forMs: number }
}

const leaksKept = 20

/** Adds up looks. */
export class Summing {
  #last: Look | undefined
  #locksMax = 0
  #usedMaxBytes = 0
  #alarms = 0
  #overLimit = 0
  readonly #leaks: Leak[] = []
  #gaps = 0
  #gapsMs = 0
  #lostSinceMs: number | undefined
  readonly #startMs = performance.now()

  look(look: Look): void {
    this.#last = look
    this.#locksMax = Math.max(this.#locksMax, look.locks)
    this.#usedMaxBytes = Math.max(this.#usedMaxBytes, look.memory.usedBytes || 0)
    if (look.alarm) this.#alarms++
    for (const leak of look.leaks) {
      if (leak.what === 'over-limit') this.#overLimit++
      if (this.#leaks.length < leaksKept) this.#leaks.push(leak)
    }
  }

  lost(): void {
    this.#gaps++
    this.#lostSinceMs = performance.now()
  }

  back({ lostForMs }: Back): void {
    this.#gapsMs += lostForMs
    this.#lostSinceMs = undefined
  }

  /** Undefined where nothing was seen at all. */
  summary(): Summary | undefined {
    const last = this.#last
    if (last === undefined) return undefined
    const lostMs = this.#lostSinceMs === undefined ? 0 : performance.now() - this.#lostSinceMs
    return {
      node: last.node,
      how: last.how,
      forMs: Math.round(performance.now() - this.#startMs),
      counts: last.counts,
      locks: last.locks,
      withoutTtl: last.withoutTtl,
      overLimit: this.#overLimit,
      locksMax: this.#locksMax,
      usedBytes: last.memory.usedBytes,
      usedMaxBytes: this.#usedMaxBytes,
      limitBytes: last.memory.limitBytes,
      alarms: this.#alarms,
      leaks: this.#leaks,
      gaps: { count: this.#gaps, forMs: Math.round(this.#gapsMs + lostMs) },
    }
  }
}

/** 1: a lock was lost or never given back; 99: only the level of the alarm, or the limit of a lock's time, was passed. */
export function exitCodeOfWatch({ counts, withoutTtl, alarms, overLimit }: Summary): number {
  if (counts.expired + counts.evicted + withoutTtl > 0) return 1
  return alarms + overLimit > 0 ? 99 : 0
}
