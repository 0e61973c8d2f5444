import { randomUUID } from 'node:crypto'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { openClient } from './client.ts'
import { extend, tryOnce, type SingleKeyHeld } from './single-key.ts'
import { jittered, until } from './waiting.ts'

const pollMs = 15
const releaseIfMine = luaScript(import.meta.url, '../release.lua')

/**
 * SET NX PX with a token of its own, asked again at jittered intervals. It says what it knows: how long the lease holds (counted from
 * before the command left), when that is over, which failures prove that nothing happened; what may have been set although
 * nobody answered is deleted by its token. https://redis.io/docs/latest/commands/set/#patterns
 */
export default {
  name: 'polling',
  topologies: ['single', 'sentinel'],
  capabilities: { extend: true },
  async open(env) {
    const redis = await openClient(env)
    return {
      acquire(key, { ttlMs, waitMs, signal }) {
        const once = async () => {
          const token = randomUUID()
          const take = () => redis.set(key, token, 'PX', ttlMs, 'NX')
          const granted = await tryOnce({ redis, key, token, ttlMs }, take, () => releaseIfMine(redis, [key], token))
          return granted && granted.held
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
