import { setTimeout as sleep } from 'node:timers/promises'
import { isDefinite } from '../../definite.ts'
import { ttlMaxMs } from '../lease.ts'
import type { Busy, Strategy, Taken } from '../strategy.ts'
import type { Leases } from './leases.ts'

/** How long a grant on Redis waits for its second lease before Redis goes back to those in line. */
const patienceMs = 100

/**
 * The strategy, with every grant also taken in `leases`: on Redis first, where the waiting is, then there. So Redis says whose turn it
 * is, and `leases` say who is inside.
 *
 * @param decisive whether `leases` exclude all other holders by themselves. Then a lease stands as long as it stands there, even where
 *   Redis has lost it or is away; otherwise it has to stand in both places.
 */
export function guarded(strategy: Strategy, leases: Leases, decisive: boolean): Strategy {
  /** The second lease for a grant on Redis, which goes back where there is none. */
  async function confirm(
    key: string,
    token: string,
    ttlMs: number,
    first: Taken,
    waits: boolean,
  ): Promise<Taken | Busy> {
    const giveUpAtMs = performance.now() + (waits ? patienceMs : 0)
    const asked = { stays: waits, ...(first.fence !== undefined && { fence: first.fence }) }
    try {
      while (true) {
        const second = await leases.take(key, token, ttlMs, asked)
        if (second.taken) {
          return decisive ? second : { ...second, validUntilMs: Math.min(first.validUntilMs, second.validUntilMs) }
        }
        if (performance.now() + second.retryInMs > giveUpAtMs) {
          await strategy.release(key, token)
          return { taken: false, heldForMs: second.retryInMs, inLine: false }
        }
        await sleep(second.retryInMs)
      }
    } catch (error) {
      const givenBack = await strategy.release(key, token).catch(() => false)
      if (givenBack || !isDefinite(error)) throw error
      // Refused there, but perhaps still held on Redis: a fresh error, without the mark.
      throw new Error((error as Error).message, { cause: error })
    }
  }

  // Between the release there and the next grant there, somebody else may come in: no release and acquire in one.
  const { handOver: _, ...plain } = strategy
  return {
    ...plain,
    reusesTokens: false,
    async tryAcquire(key, token, ttlMs, line) {
      const first = await strategy.tryAcquire(key, token, ttlMs, line)
      return first.taken ? confirm(key, token, ttlMs, first, line !== 'none') : first
    },
    async extend(key, token, ttlMs) {
      const first = strategy.extend(key, token, ttlMs)
      if (decisive) {
        first.catch(() => {})
        return leases.extend(key, token, ttlMs)
      }
      const extended = await first
      const second = extended && (await leases.extend(key, token, ttlMs))
      return extended && second && { validUntilMs: Math.min(extended.validUntilMs, second.validUntilMs) }
    },
    async release(key, token) {
      // There first: who is next on Redis finds it free.
      const released = await leases.release(key, token)
      if (!decisive) return (await strategy.release(key, token)) && released
      await strategy.release(key, token).catch(() => strategy.cleanUp(key, token, performance.now() + ttlMaxMs))
      return released
    },
    cleanUp(key, token, untilMs) {
      leases.cleanUp(key, token, untilMs)
      strategy.cleanUp(key, token, untilMs)
    },
  }
}
