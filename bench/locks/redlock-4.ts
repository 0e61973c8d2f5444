import { createRequire } from 'node:module'
import type { Redis } from 'ioredis'
import { clients, type Contender, packageTitle, ttlMs } from './contender.ts'

/** The part that is used here; the package is CommonJS without types. */
interface Redlock {
  lock(resource: string, ttlMs: number): PromiseLike<{ unlock(): Promise<void> }>
}

const RedlockClass = createRequire(import.meta.url)('redlock') as new (
  clients: Redis[],
  options: { retryCount: number },
) => Redlock

export default {
  title: packageTitle('redlock'),
  waits: 'polls every 200 ± 100 ms',
  quorum: true,
  open(env) {
    const redlock = new RedlockClass(clients(env), { retryCount: -1 })
    return {
      async acquire(key) {
        const lock = await redlock.lock(key, ttlMs)
        return () => lock.unlock()
      },
    }
  },
} satisfies Contender
