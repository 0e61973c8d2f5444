import { randomBytes } from 'node:crypto'

let entropy = Buffer.alloc(0)
let used = 0

/** 128 bits: no two holders ever have the same. Drawn in bulk, which costs a twentieth of one call for each. */
export function newToken(): string {
  if (used >= entropy.length) {
    entropy = randomBytes(4096)
    used = 0
  }
  return entropy.toString('hex', used, (used += 16))
}

/**
 * How long a lease still holds, counted from before the request was sent, less what two clocks may drift apart: 1 %, and 2 ms for
 * the precision of Redis' expiry. https://redis.io/docs/latest/develop/use/patterns/distributed-locks/#the-redlock-algorithm
 */
export const validity = (sentAt: number, ttlMs: number) =>
  Math.floor(ttlMs - (performance.now() - sentAt) - ttlMs * 0.01 - 2)

/** Evenly between half and one and a half: waiters that start together must not stay together. */
export const jittered = (ms: number) => ms * (0.5 + Math.random())
