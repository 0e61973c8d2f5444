import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { pause } from '../pause.ts'

const pollMs = 25
const dialMs = 500
const releaseIfMine = luaScript(import.meta.url, '../release.lua')

/** Says OK to everything, so that nobody has to look whether there is a Redis. */
const nothing = { set: () => Promise.resolve('OK'), disconnect() {} }

/**
 * Bug: its pool hands out a dummy when it cannot connect, "so that a missing cache is no error". For a cache that is a miss; for a lock it is a grant.
 * django-redis' IGNORE_EXCEPTIONS, Laravel's null store and every null object in front of a client do that, and the lock is built on the same client. It
 * dials for each use, as code behind a short-lived worker does, and keeps the connection while it is good.
 */
export default {
  name: 'null-object',
  topologies: ['single', 'sentinel'],
  open(env) {
    let pooled: Redis | undefined

    async function client(): Promise<Redis | typeof nothing> {
      if (pooled?.status === 'ready') return pooled
      pooled?.disconnect()
      const dialled = env.connect(0, { lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null })
      const late = pause(dialMs, new AbortController().signal).then(() => Promise.reject(new Error('too slow')))
      try {
        await Promise.race([dialled.connect(), late])
        return (pooled = dialled)
      } catch {
        dialled.disconnect()
        return nothing
      }
    }

    return {
      async acquire(key, { ttlMs, waitMs, signal }): Promise<Held | null> {
        const token = randomUUID()
        const giveUpAt = performance.now() + waitMs
        while (true) {
          const redis = await client()
          if ((await redis.set(key, token, 'PX', ttlMs, 'NX')) === 'OK') return { key, token }
          if (signal.aborted || performance.now() + pollMs > giveUpAt) return null
          await pause(pollMs, signal)
        }
      },
      async release({ key, token }: Held) {
        const redis = await client()
        return 'evalsha' in redis ? (await releaseIfMine(redis, [key], token)) === 1 : false
      },
      close: () => pooled?.disconnect(),
    }
  },
} satisfies Lock
