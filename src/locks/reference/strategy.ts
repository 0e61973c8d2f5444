/**
 * Where a lock lives: one Redis, the primary of a Sentinel group, a quorum of independent nodes. A strategy knows scripts and
 * connections; it does not wait, queue or renew.
 *
 * Every call settles within its own deadline. A rejection leaves open whether it was applied, unless the error has `definite: true`:
 * then nothing was.
 */
export interface Strategy extends Keeper {
  name: 'single' | 'sentinel' | 'quorum'
  /**
   * Whether the token of a try that failed may be used again. Not where such a try is undone by its token: the undoing may arrive after
   * the next try, and take the lock away from who has it by then.
   */
  reusesTokens: boolean
  /**
   * One try. A token that has the lock already (an earlier try whose reply was lost) gets it again.
   *
   * @param line whether to stand in line on Redis, should it be busy: then `onTurn` tells when it is this process' turn
   */
  tryAcquire(key: string, token: string, ttlMs: number, line: Line): Promise<Taken | Busy>
  /**
   * Release and acquire in one: from a token to the next one of the same process. `busy` with `heldForMs: 0` where another process went
   * first: the lock is free for that one, and this process stands in line behind it. A definite rejection did neither. Absent where
   * a release and an acquire have to be apart.
   *
   * @param yields whether another process that stands in line goes first
   */
  handOver?(key: string, token: string, next: { token: string; ttlMs: number }, yields: boolean): Promise<HandOver>
  /** Frees, in the background and bounded by `untilMs`, what a call whose fate nobody knows may have left behind. */
  cleanUp(key: string, token: string, untilMs: number): void
  /** Its turn came, and nobody here waits any more: tells the next one in line, if the lock is free. Never rejects. */
  pass(key: string): Promise<void>
  /** One listener. */
  onTurn(turn: Turn): void
  /** Resolves once it is connected, or after its timeout: what is down must not keep a shop from opening. */
  ready: Promise<void>
  /** Settles what is under way, bounded, and closes every connection. */
  close(): Promise<void>
}

/** Who can extend and give back a lease: the strategy that gave it, or a fallback. */
export interface Keeper {
  /** Until when the lease now stands; `false`: it was no longer the token's. A lost lease is never brought back. */
  extend(key: string, token: string, ttlMs: number): Promise<{ validUntilMs: number } | false>
  /** `false`: it was no longer the token's. */
  release(key: string, token: string): Promise<boolean>
}

/**
 * - `none`: one try, nobody waits for the result
 * - `end`: last in line
 * - `front`: it was this process' turn, and somebody else was faster: it keeps its place
 */
export type Line = 'none' | 'end' | 'front'

export interface Taken {
  taken: true
  /** A decimal integer that rises from grant to grant of a key. None on a quorum: its nodes cannot agree on one. */
  fence?: string | undefined
  /** On `performance.now()`'s clock, counted from before the request was sent, less the drift between two clocks. */
  validUntilMs: number
}

export interface Busy {
  taken: false
  /** What is left of the holder's TTL: nobody has to wait longer than this without trying again. */
  heldForMs: number
  /** Whether this process now stands in line. If not, nobody will tell it. */
  inLine: boolean
  /** The try is still being undone by its token: the next one needs another. */
  spent?: boolean
}

export interface HandOver {
  /** `false`: it was no longer the token's; `next` is then a plain try. */
  released: boolean
  next: Taken | Busy
}

/** It may be this process' turn: the key was free a moment ago. Without a key: news may have been missed, of any key. */
export type Turn = (key?: string) => void
