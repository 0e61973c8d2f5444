import { createRequire } from 'node:module'
import type { Redis } from 'ioredis'
import { clients, type Contender, packageTitle, ttlMs } from './contender.ts'

/** The part that is used here; the package hides its types from modules. */
interface Redlock {
  acquire(resources: string[], ttlMs: number): Promise<{ release(): Promise<unknown> }>
}

const { default: RedlockClass } = createRequire(import.meta.url)('redlock-5') as {
  default: new (clients: Redis[], settings: { retryCount: number }) => Redlock
}

export default {
  title: packageTitle('redlock-5'),
  waits: 'polls every 200 ± 100 ms',
  quorum: true,
  open(env) {
    const redlock = new RedlockClass(clients(env), { retryCount: -1 })
    return {
      async acquire(key) {
        const lock = await redlock.acquire([key], ttlMs)
        return () => lock.release()
      },
    }
  },
} satisfies Contender
