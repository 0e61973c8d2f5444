import { setTimeout as sleep } from 'node:timers/promises'
import { isDefinite } from '../../definite.ts'
import type { FallbackPolicy } from '../policy.ts'
import { guarded } from './guard.ts'
import type { Leases } from './leases.ts'

/** The policy that grants from `leases` where Redis cannot say, and has every grant on Redis written down there, too. */
export function elsewhere(name: string, leases: Leases, { decisive }: { decisive: boolean }): FallbackPolicy {
  return {
    name,
    patienceMs: 0,
    guard: (strategy) => guarded(strategy, leases, decisive),
    async acquire({ key, token, ttlMs, waitMs, signal }) {
      const giveUpAtMs = performance.now() + waitMs
      const abandon = () => leases.cleanUp(key, token, performance.now() + ttlMs)
      try {
        while (true) {
          const lease = await leases.take(key, token, ttlMs, { stays: waitMs > 0 })
          if (lease.taken) return { ...lease, token, keeper: leases }
          if (signal.aborted || performance.now() + lease.retryInMs > giveUpAtMs) {
            if (waitMs > 0) abandon()
            return null
          }
          await sleep(lease.retryInMs, undefined, { signal }).catch(() => {})
        }
      } catch (error) {
        if (!isDefinite(error)) abandon()
        throw error
      }
    },
    close: () => leases.close(),
  }
}
