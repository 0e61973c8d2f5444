import { setTimeout as sleep } from 'node:timers/promises'
import { isDefinite } from '../../definite.ts'
import { jittered, ttlMaxMs } from '../lease.ts'
import type { FallbackGrant, FallbackPolicy, FallbackRequest } from '../policy.ts'
import { guarded } from './guard.ts'
import type { Keeper } from '../strategy.ts'
import type { Leases } from './leases.ts'
import { oneAtATime } from './one-at-a-time.ts'

const failureRetryMs = 50

/** The policy that grants from `leases` where Redis cannot say, and has every grant on Redis written down there, too. */
export function elsewhere(name: string, leases: Leases, { decisive }: { decisive: boolean }): FallbackPolicy {
  const line = oneAtATime()

  const keeper: Keeper = {
    extend: leases.extend,
    async release(key, token) {
      try {
        return await leases.release(key, token)
      } catch (error) {
        // The next holder need not wait for the end of the lease.
        leases.cleanUp(key, token, performance.now() + ttlMaxMs)
        throw error
      }
    },
  }

  /** Asks until it gets the lease, as the only one of this process who asks for this key. */
  async function poll(request: FallbackRequest, giveUpAtMs: number): Promise<FallbackGrant | null> {
    const { key, token, ttlMs, waitMs, signal } = request
    let doubt: unknown
    while (true) {
      let failure: unknown
      let retryInMs = jittered(failureRetryMs)
      try {
        const lease = await leases.take(key, token, ttlMs, { stays: waitMs > 0 })
        if (!lease.taken) retryInMs = lease.retryInMs
        else if (lease.validUntilMs > performance.now()) return { ...lease, token, keeper }
        else throw new Error(`the answer took longer than the TTL of ${ttlMs} ms`)
      } catch (error) {
        failure = error
        if (!isDefinite(error)) doubt ??= error
      }
      if (signal.aborted || performance.now() + retryInMs > giveUpAtMs) {
        if (doubt !== undefined) throw doubt
        if (failure !== undefined) throw failure
        return null
      }
      await sleep(retryInMs, undefined, { signal }).catch(() => {})
    }
  }

  return {
    name,
    patienceMs: 0,
    guard: (strategy) => guarded(strategy, leases, decisive),
    async acquire(request) {
      const { key, token, ttlMs, waitMs, signal } = request
      const giveUpAtMs = performance.now() + waitMs
      const cleanUp = () => leases.cleanUp(key, token, performance.now() + ttlMs)
      if (!(await line.enter(key, waitMs, signal))) return null
      try {
        const grant = await poll(request, giveUpAtMs)
        // It may have a place in line there.
        if (!grant && waitMs > 0) cleanUp()
        return grant
      } catch (error) {
        if (!isDefinite(error)) cleanUp()
        throw error
      } finally {
        line.leave(key)
      }
    },
    close: () => leases.close(),
  }
}
