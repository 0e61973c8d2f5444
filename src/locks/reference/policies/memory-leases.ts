import type { Leases } from './leases.ts'

interface Lease {
  token: string
  endsAtMs: number
}

const retryMs = 5

/** A mutex per key in this process' memory, with a TTL as on Redis. It knows nothing of other processes. */
export function memoryLeases(): Leases {
  const leases = new Map<string, Lease>()

  /** The key's lease, if it still stands. */
  function standing(key: string): Lease | undefined {
    const lease = leases.get(key)
    if (lease && lease.endsAtMs > performance.now()) return lease
    leases.delete(key)
    return undefined
  }

  function free(key: string, token: string): boolean {
    return standing(key)?.token === token && leases.delete(key)
  }

  return {
    async take(key, token, ttlMs, { fence }) {
      const lease = standing(key)
      if (lease && lease.token !== token) {
        return { taken: false, retryInMs: Math.min(retryMs, lease.endsAtMs - performance.now()) }
      }
      const endsAtMs = performance.now() + ttlMs
      leases.set(key, { token, endsAtMs })
      return { taken: true, validUntilMs: endsAtMs, ...(fence !== undefined && { fence }) }
    },
    async extend(key, token, ttlMs) {
      const lease = standing(key)
      if (lease?.token !== token) return false
      lease.endsAtMs = performance.now() + ttlMs
      return { validUntilMs: lease.endsAtMs }
    },
    release: async (key, token) => free(key, token),
    cleanUp: (key, token) => void free(key, token),
    close: async () => leases.clear(),
  }
}
