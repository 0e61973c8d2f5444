import { randomUUID } from 'node:crypto'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { pause } from '../pause.ts'

const pollMs = 15
const releaseIfMine = luaScript(import.meta.url, '../release.lua')

/**
 * Bug: a callback made a promise by hand, and its error forgotten: where the connection breaks under a SET, the call neither fails nor succeeds, for ever. The
 * caller stands there with his request, and so does everybody behind him. ioredis#2193 had the same inside the library, with `autoResendUnfulfilledCommands: false`.
 */
export default {
  name: 'forgets-the-error',
  topologies: ['single', 'sentinel'],
  open(env) {
    const redis = env.connect(0, { maxRetriesPerRequest: 0, autoResendUnfulfilledCommands: false })

    const take = (key: string, token: string, ttlMs: number) =>
      new Promise<boolean>((resolve) => {
        void redis.set(key, token, 'PX', ttlMs, 'NX', (error, reply) => {
          if (!error) resolve(reply === 'OK')
        })
      })

    return {
      async acquire(key, { ttlMs, waitMs, signal }): Promise<Held | null> {
        const token = randomUUID()
        const giveUpAt = performance.now() + waitMs
        while (true) {
          const sentAt = performance.now()
          const taken = await take(key, token, ttlMs)
          const validForMs = sentAt + ttlMs - performance.now() - 5
          if (taken && validForMs > 0) return { key, token, validForMs }
          if (signal.aborted || performance.now() + pollMs > giveUpAt) return null
          await pause(pollMs, signal)
        }
      },
      async release({ key, token }: Held) {
        return (await releaseIfMine(redis, [key], token)) === 1
      },
    }
  },
} satisfies Lock
