import { randomBytes } from 'node:crypto'

/** The shop of the seeds ran out of memory on keys that did not expire: no lease is longer. */
export const ttlMaxMs = 10_000
/** Below, the allowance for drift and the way to Redis leave nothing of it. */
export const ttlMinMs = 10

/** What Redis granted, as this process knows it. */
export interface Lease {
  readonly key: string
  readonly token: string
  readonly fence?: string | undefined
  /** Moves with every extension. */
  validUntilMs: number
}

let digits = ''
let used = 0

/** 128 bits in hexadecimal: no two holders ever have the same. Drawn in bulk, which costs a twentieth of one call for each. */
export function newToken(): string {
  if (used >= digits.length) {
    digits = randomBytes(4096).toString('hex')
    used = 0
  }
  return digits.slice(used, (used += 32))
}

/**
 * Until when a lease holds by our own clock (performance.now(), which is monotonic), counted from before the request was sent, less
 * what two clocks may drift apart: 1 %, and 2 ms for the precision of Redis' expiry.
 * https://redis.io/docs/latest/develop/use/patterns/distributed-locks/#the-redlock-algorithm
 */
export const validUntil = (sentAtMs: number, ttlMs: number) => sentAtMs + ttlMs * 0.99 - 2

/** Evenly between half and one and a half: waiters that start together must not stay together. */
export const jittered = (ms: number) => ms * (0.5 + Math.random())
