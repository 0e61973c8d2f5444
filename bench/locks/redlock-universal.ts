import { createLock, createRedlock, IoredisAdapter } from 'redlock-universal'
import { clients, type Contender, packageTitle, ttlMs } from './contender.ts'

/** It takes any number of attempts, but not "without end". */
const retryAttempts = 1_000_000

export default {
  title: packageTitle('redlock-universal'),
  waits: 'polls every 100 ms (200 ms on a quorum)',
  quorum: true,
  open(env) {
    const adapters = clients(env).map((client) => new IoredisAdapter(client))
    const make = (key: string) =>
      adapters.length === 1
        ? createLock({ adapter: adapters[0]!, key, ttl: ttlMs, retryAttempts })
        : createRedlock({ adapters, key, ttl: ttlMs, retryAttempts })
    // One object per resource, as its README has it: any number of callers may share it.
    const locks = new Map<string, ReturnType<typeof make>>()
    return {
      async acquire(key) {
        let lock = locks.get(key)
        if (!lock) locks.set(key, (lock = make(key)))
        const handle = await lock.acquire()
        return () => lock.release(handle)
      },
    }
  },
} satisfies Contender
