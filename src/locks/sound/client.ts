import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { connected } from '../connected.ts'
import type { LockEnv } from '../lock.ts'

/** How long a command may take before its answer is no longer waited for. */
export const askTimeoutMs = 1000
const reconnectMs = 100
const openTimeoutMs = 2000
const againMs = 100

/**
 * A client that tells the truth about each command: nothing waits in a queue while there is no connection, nothing is sent twice, no answer
 * is waited for without end. A primary that became a replica is left for the new one.
 */
export async function openClient(env: LockEnv, node = 0): Promise<Redis> {
  const redis = env.connect(node, {
    commandTimeout: askTimeoutMs,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => reconnectMs,
    reconnectOnError: ({ message }) => message.startsWith('READONLY'),
  })
  await connected(redis, openTimeoutMs)
  return redis
}

/**
 * What may have been applied although nobody answered is taken back, until an answer says that it is gone, or its lease is over anyway.
 * Runs beside the caller, who has been told that nobody knows.
 */
export async function takeBack(letGo: () => Promise<unknown>, ttlMs: number): Promise<void> {
  for (
    const endMs = performance.now() + ttlMs;
    performance.now() < endMs;
    await sleep(againMs, undefined, { ref: false })
  )
    try {
      await letGo()
      return
    } catch {
      // Again, as long as it matters.
    }
}
