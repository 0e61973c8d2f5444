import { randomUUID } from 'node:crypto'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { openClient } from './client.ts'
import { extend, tryOnce, type SingleKeyHeld } from './single-key.ts'
import { jittered, until } from './waiting.ts'

const pollMs = 15
const takeWithFence = luaScript(import.meta.url, 'fenced-take.lua')
const releaseIfMine = luaScript(import.meta.url, '../release.lua')

/**
 * Every grant carries a number that is greater than all before it on its key, counted in the script that takes the lock, so that no two
 * grants can be in another order than their fences. The counters live on. On one node only: an asynchronous replica that is
 * promoted may have missed the last number.
 * https://martin.kleppmann.com/2016/02/08/how-to-do-distributed-locking.html
 */
export default {
  name: 'fenced',
  topologies: ['single'],
  capabilities: { extend: true, fencing: true },
  bookkeeping: ['fence:*'],
  async open(env) {
    const redis = await openClient(env)
    return {
      acquire(key, { ttlMs, waitMs, signal }) {
        const once = async () => {
          const token = randomUUID()
          const take = () => takeWithFence(redis, [key, `fence:{${key}}`], token, ttlMs) as Promise<number | null>
          const granted = await tryOnce({ redis, key, token, ttlMs }, take, () => releaseIfMine(redis, [key], token))
          return granted && Object.assign(granted.held, { fence: granted.answer })
        }
        return until({ waitMs, signal }, once, jittered(pollMs, signal))
      },
      async release({ key, token, validity }: SingleKeyHeld) {
        validity.end()
        return (await releaseIfMine(redis, [key], token)) === 1
      },
      extend: (held: SingleKeyHeld, ttlMs) => extend(redis, held, ttlMs),
    }
  },
} satisfies Lock
