import { setTimeout as sleep } from 'node:timers/promises'
import { isDefinite } from '../../definite.ts'
import type { FallbackGrant, FallbackPolicy, FallbackRequest } from '../policy.ts'
import { guarded } from './guard.ts'
import type { Leases } from './leases.ts'
import { oneAtATime } from './one-at-a-time.ts'

/** The policy that grants from `leases` where Redis cannot say, and has every grant on Redis written down there, too. */
export function elsewhere(name: string, leases: Leases, { decisive }: { decisive: boolean }): FallbackPolicy {
  const line = oneAtATime()

  /** Asks until it gets the lease, as the only one of this process who asks for this key. */
  async function poll(request: FallbackRequest, giveUpAtMs: number): Promise<FallbackGrant | null> {
    const { key, token, ttlMs, waitMs, signal } = request
    while (true) {
      const lease = await leases.take(key, token, ttlMs, { stays: waitMs > 0 })
      if (lease.taken) return { ...lease, token, keeper: leases }
      if (signal.aborted || performance.now() + lease.retryInMs > giveUpAtMs) return null
      await sleep(lease.retryInMs, undefined, { signal }).catch(() => {})
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
