import type { Hold } from './hold.ts'

/** Not the tally itself: that goes when its key has to make room. */
export interface LockId {
  db: number
  key: string
}

export interface Entry {
  lock: LockId
  hold: Hold
}

/** What a page can show, and more than anybody reads. */
const holdsMax = 60_000

/** Holds for the timeline and the order of acquisition: all of them, or where they are too many every n-th, and those that others overlap. */
export class HoldBook {
  #entries: Entry[] = []
  #every = 1
  /** All that there were. */
  count = 0

  add(lock: LockId, hold: Hold): void {
    const overlaps = hold.end === 'late' && hold.others.length > 0
    if (this.count++ % this.#every !== 0 && !overlaps) return
    this.#entries.push({ lock, hold })
    if (this.#entries.length <= holdsMax) return
    this.#every *= 2
    this.#entries = this.#entries.filter(({ hold: each }, index) => index % 2 === 0 || each.others.length > 0)
    // Should all of them overlap, the later ones go.
    this.#entries.length = Math.min(this.#entries.length, holdsMax)
  }

  /** By the time of the grant. */
  inOrder(): Entry[] {
    return this.#entries.toSorted((a, b) => a.hold.grantedUs - b.hold.grantedUs)
  }

  get whole(): boolean {
    return this.#every === 1
  }
}
