import { randomUUID } from 'node:crypto'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { openClient, takeBack } from './client.ts'
import { tryOnce, type SingleKeyHeld } from './single-key.ts'
import { jittered, until } from './waiting.ts'

/** Of the first in line; the others ask the less often, the more stand before them. */
const pollMs = 15
/** Whoever has not asked again for so long is gone, and the next one moves up: polls may be slow, and a crashed waiter must not block a line. */
const standsMs = 600
const ask = luaScript(import.meta.url, 'fair-ask.lua')
const leave = luaScript(import.meta.url, 'fair-leave.lua')
const keysOf = (key: string) => [key, `line:{${key}}`, `seen:{${key}}`]

/**
 * First come, first served, for all servers together: a caller keeps its place in a line on Redis by asking again, and only the first in it is
 * granted. Who stops asking (it crashed, its caller gave up) is passed over after a moment.
 * After the queue of Redisson's fair lock: https://redisson.pro/docs/data-and-services/locks-and-synchronizers/#fair-lock
 */
export default {
  name: 'fair',
  topologies: ['single', 'sentinel'],
  async open(env) {
    const redis = await openClient(env)
    return {
      async acquire(key, { ttlMs, waitMs, signal }) {
        const token = randomUUID()
        const letGo = () => leave(redis, keysOf(key), token)
        let before = 0
        const take = async () => {
          const answer = (await ask(redis, keysOf(key), token, ttlMs, standsMs)) as number
          if (answer > 0) return true
          before = -answer
          return null
        }
        const wait = (leftMs: number) => jittered(Math.min(pollMs * (1 + before), standsMs / 3), signal)(leftMs)
        const once = async () => {
          const granted = await tryOnce({ redis, key, token, ttlMs }, take, letGo)
          return granted && granted.held
        }
        let held: SingleKeyHeld | null = null
        try {
          held = await until({ waitMs, signal }, once, wait)
          return held
        } finally {
          if (held === null) void takeBack(letGo, standsMs)
        }
      },
      async release({ key, token, validity }: SingleKeyHeld) {
        validity.end()
        return (await leave(redis, keysOf(key), token)) === 1
      },
    }
  },
} satisfies Lock
