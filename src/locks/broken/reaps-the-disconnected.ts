import { randomUUID } from 'node:crypto'
import { attempt } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { pause } from '../pause.ts'

const pollMs = 15
const releaseIfMine = luaScript(import.meta.url, '../release.lua')

/**
 * Bug: it takes a connection for a life. A token begins with the id of the holder's connection; a waiter who does not find it in CLIENT LIST takes the holder for dead and
 * frees his key, "so that a crash does not block us until the TTL". A holder whose connection was closed, and who has another by now, is at work all the
 * while. Reapers such as sidekiq-unique-jobs' look for processes in the same way; what they mean is a session, as ZooKeeper and Postgres have it.
 */
export default {
  name: 'reaps-the-disconnected',
  topologies: ['single', 'sentinel'],
  open(env) {
    const redis = env.connect(0, { maxRetriesPerRequest: 0, autoResendUnfulfilledCommands: false })

    async function reap(key: string): Promise<void> {
      const holder = await redis.get(key)
      const clients = String(await redis.client('LIST'))
      const connection = holder?.split(' ')[0]
      if (holder && !clients.includes(`id=${connection} `)) await releaseIfMine(redis, [key], holder)
    }

    return {
      async acquire(key, { ttlMs, waitMs, signal }): Promise<Held | null> {
        const giveUpAt = performance.now() + waitMs
        while (true) {
          const token = `${await attempt(redis, () => redis.client('ID'))} ${randomUUID()}`
          const sentAt = performance.now()
          const reply = await redis.set(key, token, 'PX', ttlMs, 'NX')
          const validForMs = sentAt + ttlMs - performance.now() - 5
          if (reply === 'OK' && validForMs > 0) return { key, token, validForMs }
          await reap(key)
          if (signal.aborted || performance.now() + pollMs > giveUpAt) return null
          await pause(pollMs, signal)
        }
      },
      async release({ key, token }: Held) {
        return (await attempt(redis, () => releaseIfMine(redis, [key], token))) === 1
      },
    }
  },
} satisfies Lock
