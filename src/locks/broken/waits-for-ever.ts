import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'

const releaseAndTell = luaScript(import.meta.url, './release-and-tell.lua')

/**
 * Bug: who finds the key taken waits for the message that it is free, and for nothing else: no second look, no limit. A message that is sent while the subscriber
 * is away reaches nobody, and whoever stands there stands there for ever (redisson#763, #1763, #5761; spring-integration#3716).
 */
export default {
  name: 'waits-for-ever',
  topologies: ['single', 'sentinel'],
  async open(env) {
    const redis = env.connect()
    const ear = env.connect()
    ear.setMaxListeners(0)
    ear.on('message', (_channel, key: string) => ear.emit(`free ${key}`))
    await ear.subscribe('free')

    return {
      async acquire(key, { ttlMs }): Promise<Held> {
        const token = randomUUID()
        while (true) {
          // Before the question, so that no message falls in between.
          const free = once(ear, `free ${key}`)
          free.catch(() => {})
          const sentAt = performance.now()
          const reply = await redis.set(key, token, 'PX', ttlMs, 'NX')
          if (reply === 'OK') return { key, token, validForMs: Math.max(1, sentAt + ttlMs - performance.now()) }
          await free
        }
      },
      async release({ key, token }: Held) {
        return (await releaseAndTell(redis, [key], token)) === 1
      },
    }
  },
} satisfies Lock
