/** How a hold ended, as far as the capture tells. */
export const holdEnds = {
  released: 'its holder freed it',
  late: 'its lease had ended before its holder came to free it',
  expired: 'its lease ran out, and its holder was not heard of again',
  deleted: 'another client deleted it',
  overwritten: 'another client wrote over it',
  flushed: 'the database was flushed',
  gone: 'it was gone, and the capture does not show why (evicted, a restart, a command that is missing)',
  open: 'it was still held when the capture ended',
} as const
export type HoldEnd = keyof typeof holdEnds

/** Times in µs since 1970, by the server's clock: when it did a command. A client knows only that this was between its being sent and its answer. */
export interface Hold {
  /** Who it is: the token where that is one caller's own, else the token and the connection. */
  name: string
  token: string
  client: string
  /** Its first attempt. */
  askedUs: number
  /** How many it took, the last one included. */
  attempts: number
  grantedUs: number
  ttlMs: number | undefined
  /** When Redis lets it go by itself, in whole ms as Redis counts; Infinity without a TTL. */
  expiresMs: number
  /** When the key was free, or another's. */
  leaseEndUs: number
  /** When its holder stopped believing: its release, however late; the end of the lease where it was not heard of again. */
  endUs: number
  end: HoldEnd
  renewals: number
  /** From the last holder's release to the grant, where this one had been refused before that. */
  handOverUs: number | undefined
  /** It was held when the capture began: nobody knows since when. */
  before: boolean
  /** What its grant is inferred from may be wrong: the key's state was not known, or it was the very millisecond of an expiry. */
  doubt: 'start' | 'expiry' | undefined
  /** A release or a renewal by its token has shown that the grant was one. */
  proved: boolean
  /** Grants to others between the end of its lease and now. */
  others: { hold: Hold; grantedUs: number }[]
}

/** Redis counts it from the command on, in whole ms. */
export function expireAt(hold: Hold, atUs: number, ttlMs: number | undefined): void {
  hold.expiresMs = ttlMs === undefined ? Infinity : Math.floor(atUs / 1000) + ttlMs
}

/** Somebody who has been refused. */
export interface Waiter {
  name: string
  token: string
  client: string
  firstUs: number
  lastUs: number
  attempts: number
  ttlMs: number | undefined
}
