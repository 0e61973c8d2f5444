import type { Redis } from 'ioredis'
import { connected } from './connected.ts'
import type { LockEnv } from './lock.ts'

/**
 * A client of the one logical Redis that keeps to the primary: it hears `+switch-master`, leaves a node that answers READONLY, and sends a
 * command once and now, or fails. A Redis that is down does not keep the lock from opening.
 */
export async function openPrimary(env: LockEnv, timeoutMs = 800): Promise<Redis> {
  const redis = env.connect(0, {
    failoverDetector: true,
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
    commandTimeout: timeoutMs,
    sentinelCommandTimeout: timeoutMs,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    sentinelRetryStrategy: (times) => Math.min(20 * times, 200),
    retryStrategy: (times) => Math.min(20 * times, 200),
  })
  await connected(redis, 2000)
  return redis
}
