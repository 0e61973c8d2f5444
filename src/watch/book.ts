/**
 * Which locks are there and what became of those that were: a book of one node, kept by keyspace events or by looking again and again. A lock that
 * *expired* is one that its holder never gave back: it crashed, it overran its lease, or it forgets; one without a TTL will never be.
 */
export interface Counts {
  set: number
  renewed: number
  deleted: number
  expired: number
  evicted: number
  /** Gone while the connection was lost: nobody knows how. */
  unseen: number
}

/** Worth a line of its own. */
export interface Leak {
  what: 'expired' | 'evicted' | 'no-ttl' | 'over-limit'
  key: string
  /** Since it was first seen here. */
  seenForMs: number
  /** What it has left, of `over-limit`. */
  ttlMs?: number
}

interface Entry {
  sinceMs: number
  /** Infinity: it has no TTL. Undefined: not asked yet. */
  expiresMs: number | undefined
  /** The expiry of the same command is still to come. */
  fresh: boolean
  pass: number
  told: boolean
}

/** Of more locks at once only the number is known. */
const heldMax = 200_000
const leaksMax = 1000
/** Two clocks and a millisecond of rounding: an expiry that moved by less did not move. */
const renewalMinMs = 100
/** SETNX and then EXPIRE are two commands. */
const settleMs = 500

export class LockBook {
  readonly counts: Counts = { set: 0, renewed: 0, deleted: 0, expired: 0, evicted: 0, unseen: 0 }
  readonly #held = new Map<string, Entry>()
  readonly #ttlLimitMs: number
  #leaks: Leak[] = []
  #pass = 0
  #afterGap = false

  constructor(ttlLimitMs: number) {
    this.#ttlLimitMs = ttlLimitMs
  }

  get held(): number {
    return this.#held.size
  }

  get withoutTtl(): number {
    let count = 0
    for (const { expiresMs } of this.#held.values()) if (expiresMs === Infinity) count++
    return count
  }

  /** A keyspace event: `set`, `expire`, `del`, `expired` … */
  event(name: string, key: string, nowMs: number): void {
    const entry = this.#held.get(key)
    // A pass that is under way need not find what was heard of meanwhile.
    if (entry !== undefined) entry.pass = this.#pass
    if (name === 'expired' || name === 'evicted') {
      this.#leak(name, key, entry, nowMs)
      this.counts[name]++
      this.#held.delete(key)
    } else if (name === 'del' || name === 'rename_from' || name === 'move_from') {
      this.counts.deleted++
      this.#held.delete(key)
    } else if (name === 'expire' || name === 'persist') {
      if (entry === undefined) return
      if (!entry.fresh && name === 'expire') this.counts.renewed++
      Object.assign(entry, { fresh: false, expiresMs: undefined })
    } else if (entry === undefined) this.#add(key, nowMs)
    else {
      this.counts.renewed++
      Object.assign(entry, { fresh: true, expiresMs: undefined })
    }
  }

  /** Keys whose time to live is to be asked, at most `max`. */
  unasked(max: number, nowMs: number): string[] {
    const keys: string[] = []
    for (const [key, { expiresMs, sinceMs }] of this.#held) {
      if (keys.length === max) break
      if (expiresMs === undefined && nowMs - sinceMs >= settleMs) keys.push(key)
    }
    return keys
  }

  /** The answer: PTTL of a key. */
  asked(key: string, pttl: number, nowMs: number): void {
    const entry = this.#held.get(key)
    // −2: it is gone, and its event is on the way.
    if (entry === undefined || pttl === -2) return
    this.#expiry(key, entry, pttl, nowMs)
  }

  /** From here on `seen` tells of every lock that is there. `afterGap`: nobody looked for a while. */
  beginPass(afterGap = false): void {
    this.#pass++
    this.#afterGap = afterGap
  }

  /** A lock that was found, and its PTTL. Of the first pass: it was there before. */
  seen(key: string, pttl: number, nowMs: number): void {
    if (pttl === -2) return
    const entry = this.#held.get(key) ?? this.#add(key, nowMs, this.#pass === 1)
    if (entry === undefined) return
    entry.pass = this.#pass
    const before = entry.expiresMs
    this.#expiry(key, entry, pttl, nowMs)
    // After a gap it may be another's by now.
    if (this.#afterGap) return
    if (before !== undefined && before !== Infinity && entry.expiresMs! > before + renewalMinMs) this.counts.renewed++
  }

  /** What was not seen in this pass is gone: its time was up, or somebody deleted it; after a gap nobody knows which. */
  endPass(nowMs: number): void {
    for (const [key, entry] of this.#held) {
      if (entry.pass === this.#pass) continue
      this.#held.delete(key)
      if (this.#afterGap) this.counts.unseen++
      else if (entry.expiresMs !== undefined && entry.expiresMs <= nowMs) {
        this.#leak('expired', key, entry, nowMs)
        this.counts.expired++
      } else this.counts.deleted++
    }
  }

  /** Leaks since it was last asked. */
  takeLeaks(): Leak[] {
    return this.#leaks.splice(0)
  }

  #add(key: string, nowMs: number, before = false): Entry | undefined {
    if (!before) this.counts.set++
    if (this.#held.size >= heldMax) return undefined
    const entry: Entry = { sinceMs: nowMs, expiresMs: undefined, fresh: true, pass: this.#pass, told: false }
    this.#held.set(key, entry)
    return entry
  }

  #expiry(key: string, entry: Entry, pttl: number, nowMs: number): void {
    entry.expiresMs = pttl < 0 ? Infinity : nowMs + pttl
    if (entry.told) return
    if (pttl >= 0 && pttl <= this.#ttlLimitMs) return
    entry.told = true
    if (pttl < 0) this.#leak('no-ttl', key, entry, nowMs)
    else this.#leak('over-limit', key, entry, nowMs, pttl)
  }

  #leak(what: Leak['what'], key: string, entry: Entry | undefined, nowMs: number, ttlMs?: number): void {
    if (this.#leaks.length >= leaksMax) return
    this.#leaks.push({ what, key, seenForMs: entry ? nowMs - entry.sinceMs : 0, ...(ttlMs !== undefined && { ttlMs }) })
  }
}
