import type { Redis } from 'ioredis'

/** Resolves once the client is ready, or when the time is over: a node that is down must not keep a shop from opening. */
export function connected(redis: Redis, timeoutMs: number): Promise<void> {
  if (redis.status === 'ready') return Promise.resolve()
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, timeoutMs)
    redis.once('ready', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
