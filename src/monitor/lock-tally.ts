import type { Counts } from './counts.ts'
import type { Hold, HoldEnd } from './hold.ts'
import type { LockId } from './hold-book.ts'
import { KeyLock } from './key-lock.ts'
import type { Story } from './story.ts'
import type { PatternName } from './patterns/index.ts'
import { patterns } from './patterns/index.ts'
import { surenesses, type Sureness } from './patterns/pattern.ts'
import { Spread } from './spread.ts'

/** What one client (a connection, or Redisson's instance) had of a lock. */
export interface Share {
  attempts: number
  grants: number
  waitedMs: number
  waitedMaxMs: number
}

/** So few refused ones may all have gone for good. */
const refusedMin = 3

/** Clients that are told apart for each lock; those beyond share a line. */
const clientsMax = 512
export const otherClients = 'others'

export interface Watcher {
  /** One that this lock has not seen before. */
  client(name: string): void
  /** A hold that is over. */
  over(tally: LockTally, hold: Hold): void
}

/** One lock's story and what is counted of it, in bounded memory. */
export class LockTally {
  readonly #watcher: Watcher
  readonly id: LockId
  readonly lock: KeyLock
  attempts = 0
  acquisitions = 0
  reentries = 0
  renewals = 0
  readonly ends: Record<HoldEnd, number> = {
    released: 0,
    late: 0,
    expired: 0,
    deleted: 0,
    overwritten: 0,
    flushed: 0,
    gone: 0,
    open: 0,
  }
  foreignReleases = 0
  strayReleases = 0
  before = 0
  withoutTtl = 0
  overlaps = 0
  gaveUp = 0
  /** Attempts of somebody who had been refused before. */
  again = 0
  firstUs = Infinity
  lastUs = -Infinity
  firstOverlap: { first: Hold; second: Hold; untilUs: number } | undefined
  firstForeign: { client: string; from: Hold; atUs: number } | undefined
  readonly waits = new Spread()
  readonly holds = new Spread()
  readonly handOvers = new Spread()
  readonly attemptsEach = new Spread()
  readonly ttls = new Spread()
  /** Between the first attempts of two that ask, one after the other. */
  arrivals = 0
  firstArrivalUs = Infinity
  lastArrivalUs = -Infinity
  heldUs = 0
  waitingMost = 0
  readonly shares = new Map<string, Share>()
  readonly signs = new Map<PatternName, { sure: Sureness; because: string; count: number }>()

  constructor(id: LockId, watcher: Watcher) {
    this.id = id
    this.#watcher = watcher
    this.lock = new KeyLock(this.#story())
  }

  sign(pattern: PatternName, sure: Sureness, because: string): void {
    const known = this.signs.get(pattern)
    if (known === undefined) return void this.signs.set(pattern, { sure, because, count: 1 })
    known.count++
    if (surenesses.indexOf(sure) <= surenesses.indexOf(known.sure)) return
    known.sure = sure
    known.because = because
  }

  seen(atUs: number): void {
    if (atUs < this.firstUs) this.firstUs = atUs
    if (atUs > this.lastUs) this.lastUs = atUs
  }

  /** By the surest sign; of equal ones the library goes before the plain way (the registry's order). */
  pattern(): { name: PatternName; sure: Sureness; because: string } {
    const order = Object.keys(patterns)
    const [surest] = [...this.signs].toSorted(
      ([a, one], [b, other]) =>
        surenesses.indexOf(other.sure) - surenesses.indexOf(one.sure) || order.indexOf(a) - order.indexOf(b),
    )
    const [name, { sure, because }] = surest!
    // Somebody was refused, and came again: what a mark against duplicates has nobody do.
    const contended = this.attempts > this.acquisitions
    if (name === 'set-nx' && sure === 'possible' && contended)
      return { name, sure: 'likely', because: 'SET NX takes it, and whoever was refused came again or went' }
    return { name, sure, because }
  }

  /** Where nobody ever comes back, each attempt has a token of its own, and nothing says that two of them are one caller's. */
  get tellsWaits(): boolean {
    return this.again > 0 || this.attempts - this.acquisitions < refusedMin
  }

  counts(): Counts {
    const { ends } = this
    return {
      attempts: this.attempts,
      acquisitions: this.acquisitions,
      refused: this.attempts - this.acquisitions - this.reentries,
      renewals: this.renewals,
      reentries: this.reentries,
      without_ttl: this.withoutTtl,
      released: ends.released,
      late_releases: ends.late,
      left_to_expire: ends.expired,
      deleted_by_others: ends.deleted,
      overwritten: ends.overwritten,
      flushed: ends.flushed,
      gone: ends.gone,
      open_at_the_end: ends.open,
      held_before: this.before,
      foreign_releases: this.foreignReleases,
      stray_releases: this.strayReleases,
      overlaps: this.overlaps,
      ...(this.tellsWaits && { gave_up: this.gaveUp }),
    }
  }

  share(client: string): Share {
    const known = this.shares.get(client)
    if (known !== undefined) return known
    this.#watcher.client(client)
    const name = this.shares.size < clientsMax ? client : otherClients
    const share = this.shares.get(name) ?? { attempts: 0, grants: 0, waitedMs: 0, waitedMaxMs: 0 }
    this.shares.set(name, share)
    return share
  }

  #story(): Story {
    return {
      attempt: (client, again) => {
        this.attempts++
        if (again) this.again++
        this.share(client).attempts++
      },
      granted: (hold) => {
        this.acquisitions++
        this.share(hold.client).grants++
      },
      undone: (hold) => {
        this.acquisitions--
        this.share(hold.client).grants--
      },
      reentered: () => this.reentries++,
      renewed: () => this.renewals++,
      over: (hold) => {
        this.#over(hold)
        this.#watcher.over(this, hold)
      },
      overlap: (first, second, untilUs) => {
        this.overlaps++
        this.firstOverlap ??= { first, second, untilUs }
      },
      foreignRelease: (client, from, atUs) => {
        this.foreignReleases++
        this.firstForeign ??= { client, from, atUs }
      },
      strayRelease: () => this.strayReleases++,
      gaveUp: (waiter) => {
        this.gaveUp++
        this.#arrived(waiter.firstUs)
      },
    }
  }

  #over(hold: Hold): void {
    const { grantedUs, endUs, leaseEndUs, askedUs, handOverUs, attempts, end } = hold
    if (hold.before) return void this.before++
    this.ends[end]++
    if (hold.ttlMs === undefined) this.withoutTtl++
    else this.ttls.addMs(hold.ttlMs)
    if (end === 'released' || end === 'late') this.holds.addUs(endUs - grantedUs)
    this.heldUs += Math.max(0, leaseEndUs - grantedUs)
    this.waits.addUs(grantedUs - askedUs)
    this.attemptsEach.addMs(attempts)
    if (handOverUs !== undefined) this.handOvers.addUs(handOverUs)
    this.#arrived(askedUs)
    const share = this.share(hold.client)
    share.waitedMs += (grantedUs - askedUs) / 1000
    share.waitedMaxMs = Math.max(share.waitedMaxMs, (grantedUs - askedUs) / 1000)
    this.waitingMost = Math.max(this.waitingMost, this.lock.waiting)
  }

  #arrived(askedUs: number): void {
    this.arrivals++
    if (askedUs < this.firstArrivalUs) this.firstArrivalUs = askedUs
    if (askedUs > this.lastArrivalUs) this.lastArrivalUs = askedUs
  }
}
