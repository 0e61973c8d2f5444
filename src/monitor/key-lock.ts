import { nameOf, sameHost } from './caller.ts'
import { Crowd } from './crowd.ts'
import { Ghosts } from './ghosts.ts'
import { expireAt, type Hold, type HoldEnd, type Waiter } from './hold.ts'
import type { Operation } from './patterns/pattern.ts'
import type { Story } from './story.ts'

/** So near to an expiry Redis' clock and the time that MONITOR writes may fall on two sides of it. */
const nearExpiryUs = 1500

/**
 * The story of one key: who had it, by what the calls show and, where they show nothing (a bare SET NX), by what must have been: the key was there, or
 * was not. An inference that later calls disprove is taken back: a compare-and-delete that deleted proves who had it.
 *
 * `unknown`: nothing has shown yet whether it is held (the capture begins here). `taken`: somebody has it whose grant is not in the capture.
 */
export class KeyLock {
  readonly #story: Story
  #state: 'unknown' | 'free' | 'held' | 'taken' = 'unknown'
  #hold: Hold | undefined
  /** `taken`: no longer than until then. */
  #takenUntilUs = Infinity
  readonly #crowd: Crowd
  readonly #ghosts: Ghosts
  #releasedUs = -Infinity
  #expiredUs = -Infinity

  constructor(story: Story) {
    this.#story = story
    this.#crowd = new Crowd((waiter) => story.gaveUp(waiter))
    this.#ghosts = new Ghosts((hold) => story.over(hold))
  }

  /** Whether nobody has it and nobody waits: all of its story is told. */
  get idle(): boolean {
    return this.#state !== 'held' && this.#ghosts.size === 0
  }

  get waiting(): number {
    return this.#crowd.size
  }

  apply(operation: Operation, client: string, atUs: number): void {
    this.#lapse(atUs)
    switch (operation.kind) {
      case 'attempt':
        return this.#attempt(operation, client, atUs)
      case 'release':
        return operation.token === undefined
          ? this.#delete(client, atUs)
          : this.#release(operation.token, operation.outcome, client, atUs)
      case 'renewal':
        return this.#renew(operation, client, atUs)
    }
  }

  /** A SET without NX, from whomever. */
  overwrite(token: string, client: string, atUs: number, ttlMs: number | undefined): void {
    this.#lapse(atUs)
    if (this.#hold?.token === token) return expireAt(this.#hold, atUs, ttlMs)
    if (this.#hold !== undefined) this.#lose(this.#hold, 'overwritten', atUs)
    this.#grant(this.#crowd.of(token, client, atUs, ttlMs), atUs, { proved: true })
  }

  flush(atUs: number): void {
    this.#lapse(atUs)
    if (this.#hold !== undefined) this.#lose(this.#hold, 'flushed', atUs)
    this.#state = 'free'
  }

  /** The capture ends. */
  finish(atUs: number): void {
    this.#lapse(atUs)
    this.#ghosts.disperse()
    if (this.#hold !== undefined) {
      const hold = this.#hold
      hold.endUs = hold.leaseEndUs = atUs
      hold.end = 'open'
      this.#story.over(hold)
    }
    this.#crowd.disperse()
    this.#hold = undefined
    this.#state = 'unknown'
  }

  #attempt(operation: Operation & { kind: 'attempt' }, client: string, atUs: number): void {
    const { token, ttlMs, outcome } = operation
    const waiter = this.#crowd.of(token, client, atUs, ttlMs)
    this.#story.attempt(client, waiter.attempts > 0)
    waiter.attempts++
    waiter.lastUs = atUs
    waiter.ttlMs = ttlMs
    waiter.client = client
    const hold = this.#hold
    if (outcome === 'done') {
      if (hold?.token === token) return this.#reenter(hold, atUs, ttlMs)
      if (hold !== undefined) this.#disprove(hold, atUs)
      this.#grant(waiter, atUs, { proved: true })
      return
    }
    if (outcome === 'refused') {
      if (hold?.token === token && !hold.proved) this.#undo(hold)
      if (this.#state !== 'held') this.#take(waiter, atUs)
      return
    }
    if (hold !== undefined) {
      // Whoever has it asks no more. Where its grant was doubtful, it was none. (A mark may be that of two callers of one connection.)
      if (hold.name !== token || waiter.name !== token || hold.proved || hold.doubt === undefined) return
      const { doubt } = hold
      this.#undo(hold)
      if (doubt === 'expiry') this.#grant(waiter, atUs)
      return
    }
    if (this.#state === 'taken' && atUs < this.#takenUntilUs) return
    const doubt = this.#state !== 'free' ? 'start' : atUs - this.#expiredUs < nearExpiryUs ? 'expiry' : undefined
    this.#grant(waiter, atUs, { doubt })
  }

  #release(token: string, outcome: 'done' | 'refused' | 'unseen', client: string, atUs: number): void {
    const mine = this.#hold?.token === token
    if (outcome === 'done' || (outcome === 'unseen' && mine)) {
      const hold = this.#prove(token, client, atUs)
      return this.#end(hold, 'released', atUs)
    }
    const ghost = this.#ghosts.withToken(token)
    if (ghost !== undefined) return this.#late(ghost, atUs)
    if (mine && outcome === 'refused') {
      const hold = this.#hold!
      if (hold.doubt !== undefined && !hold.proved) this.#undo(hold)
      else {
        this.#lose(hold, 'gone', atUs)
        this.#late(hold, atUs)
      }
      return
    }
    this.#crowd.leave(nameOf(token, client))
    this.#story.strayRelease()
  }

  /** DEL: whose it was is told by the client that sends it. */
  #delete(client: string, atUs: number): void {
    const hold = this.#hold
    const ghost = this.#ghosts.of(client)
    if (hold === undefined) {
      if (ghost !== undefined) return this.#late(ghost, atUs)
      const waiter = this.#state === 'free' ? undefined : this.#crowd.lastOf(client)
      if (this.#state === 'free') return this.#story.strayRelease()
      if (waiter !== undefined) return this.#end(this.#prove(waiter.token, client, atUs), 'released', atUs)
      this.#freed(atUs)
      return
    }
    const own = hold.client === client || (sameHost(hold.client, client) && ghost?.client !== client)
    if (own) return this.#end(hold, 'released', atUs)
    if (hold.doubt === 'start' && !hold.proved) {
      this.#undo(hold)
      return this.#freed(atUs)
    }
    this.#story.foreignRelease(client, hold, atUs)
    if (ghost !== undefined) this.#late(ghost, atUs)
    this.#lose(hold, 'deleted', atUs)
  }

  #renew(operation: Operation & { kind: 'renewal' }, client: string, atUs: number): void {
    const { token, ttlMs, outcome } = operation
    if (outcome === 'refused') return
    const hold = token === undefined ? this.#hold : this.#prove(token, client, atUs)
    if (hold === undefined) return
    // SETNX, then EXPIRE: that is how it gets its TTL, and who sends it got it.
    const first = token === undefined && hold.expiresMs === Infinity && hold.renewals === 0
    if (token === undefined && hold.client === client) hold.proved = true
    expireAt(hold, atUs, ttlMs)
    if (first && hold.ttlMs === undefined) hold.ttlMs = ttlMs
    else {
      hold.renewals++
      this.#story.renewed(hold)
    }
  }

  #reenter(hold: Hold, atUs: number, ttlMs: number | undefined): void {
    hold.proved = true
    this.#crowd.leave(hold.name)
    expireAt(hold, atUs, ttlMs)
    this.#story.reentered()
  }

  #grant(
    waiter: Waiter,
    atUs: number,
    { doubt, proved = false }: { doubt?: Hold['doubt']; proved?: boolean } = {},
  ): Hold {
    const { name, token, client, firstUs, attempts, ttlMs } = waiter
    const hold: Hold = {
      name,
      token,
      client,
      askedUs: firstUs,
      attempts,
      grantedUs: atUs,
      ttlMs,
      expiresMs: Infinity,
      leaseEndUs: Infinity,
      endUs: Infinity,
      end: 'open',
      renewals: 0,
      handOverUs: firstUs < this.#releasedUs && atUs > this.#releasedUs ? atUs - this.#releasedUs : undefined,
      before: false,
      doubt,
      proved,
      others: [],
    }
    expireAt(hold, atUs, ttlMs)
    this.#crowd.leave(name)
    this.#hold = hold
    this.#state = 'held'
    this.#releasedUs = -Infinity
    this.#ghosts.meet(hold, atUs)
    this.#story.granted(hold)
    return hold
  }

  /** What the calls show against what was inferred: who has it is the one with this token. */
  #prove(token: string, client: string, atUs: number): Hold {
    const hold = this.#hold
    if (hold?.token === token) {
      hold.proved = true
      return hold
    }
    const name = nameOf(token, client)
    if (hold !== undefined) this.#disprove(hold, this.#crowd.get(name)?.lastUs ?? atUs)
    const waiter = this.#crowd.get(name)
    if (waiter !== undefined) return this.#grant(waiter, waiter.lastUs, { proved: true })
    const fresh = { name, token, client, firstUs: atUs, lastUs: atUs, attempts: 0, ttlMs: undefined }
    const unseen = this.#grant(fresh, atUs, { proved: true })
    unseen.before = true
    this.#story.undone(unseen)
    return unseen
  }

  /** Another has it: this one never had, or it ended unseen. */
  #disprove(hold: Hold, atUs: number): void {
    if (hold.proved || hold.doubt === undefined) this.#lose(hold, 'gone', atUs)
    else this.#undo(hold)
  }

  /** It was no grant but a refusal. */
  #undo(hold: Hold): void {
    this.#hold = undefined
    this.#state = hold.doubt === 'expiry' ? 'free' : 'taken'
    this.#takenUntilUs = hold.ttlMs === undefined ? Infinity : hold.grantedUs + hold.ttlMs * 1000
    this.#ghosts.unmeet(hold)
    this.#crowd.return(hold)
    this.#story.undone(hold)
  }

  #take({ ttlMs }: Waiter, atUs: number): void {
    if (this.#state === 'taken') return
    this.#state = 'taken'
    this.#takenUntilUs = ttlMs === undefined ? Infinity : atUs + ttlMs * 1000
  }

  #end(hold: Hold, end: HoldEnd, atUs: number): void {
    hold.end = end
    hold.endUs = hold.leaseEndUs = atUs
    this.#freed(atUs)
    this.#story.over(hold)
  }

  #freed(atUs: number): void {
    this.#hold = undefined
    this.#state = 'free'
    this.#releasedUs = atUs
  }

  /** Its lease is over, and it may not know. */
  #lose(hold: Hold, end: HoldEnd, atUs: number): void {
    hold.end = end
    hold.endUs = hold.leaseEndUs = atUs
    this.#hold = undefined
    this.#state = 'free'
    this.#ghosts.add(hold)
  }

  /** A holder comes to free what is no longer its own. */
  #late(ghost: Hold, atUs: number): void {
    this.#ghosts.leave(ghost)
    if (ghost.end === 'expired') ghost.end = 'late'
    ghost.endUs = atUs
    for (const { hold } of ghost.others) this.#story.overlap(ghost, hold, Math.min(atUs, hold.endUs))
    this.#story.over(ghost)
  }

  #lapse(atUs: number): void {
    const hold = this.#hold
    if (hold === undefined || Math.floor(atUs / 1000) <= hold.expiresMs) return
    this.#expiredUs = (hold.expiresMs + 1) * 1000
    this.#lose(hold, 'expired', this.#expiredUs)
  }
}
