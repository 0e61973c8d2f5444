import { randomUUID } from 'node:crypto'
import { EventEmitter, once as next } from 'node:events'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { openClient } from './client.ts'
import { extend, tryOnce, type SingleKeyHeld } from './single-key.ts'
import { until } from './waiting.ts'

/** Who misses an announcement asks again after this time at the latest: messages of pub/sub may be lost. */
const missedMs = 250
const channelOf = (key: string) => `free:${key}`
const releaseAndTell = luaScript(import.meta.url, 'announced-release.lua')

/**
 * Whoever waits subscribes to the key's channel, and the release publishes there. An announcement is a hint and no grant: who hears it asks as
 * everybody does, and who hears nothing asks now and then, because a message to a connection that is just down reaches nobody.
 * https://redis.io/docs/latest/develop/pubsub/#delivery-semantics
 */
export default {
  name: 'announced',
  topologies: ['single', 'sentinel'],
  capabilities: { extend: true },
  async open(env) {
    const redis = await openClient(env)
    const ear = env.connect()
    const heard = new EventEmitter().setMaxListeners(0)
    ear.on('pmessage', (_pattern: string, channel: string) => heard.emit(channel))
    // One pattern for all keys, renewed by the client after each reconnect.
    void ear.psubscribe(channelOf('*')).catch(() => {})

    return {
      acquire(key, { ttlMs, waitMs, signal }) {
        const once = async () => {
          const token = randomUUID()
          const take = () => redis.set(key, token, 'PX', ttlMs, 'NX')
          const letGo = () => releaseAndTell(redis, [key], token, channelOf(key))
          const granted = await tryOnce({ redis, key, token, ttlMs }, take, letGo)
          return granted && granted.held
        }
        const wait = (leftMs: number) => {
          const over = AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(Math.min(leftMs, missedMs)))])
          return next(heard, channelOf(key), { signal: over }).catch(() => {})
        }
        return until({ waitMs, signal }, once, wait)
      },
      async release({ key, token, validity }: SingleKeyHeld) {
        validity.end()
        return (await releaseAndTell(redis, [key], token, channelOf(key))) === 1
      },
      extend: (held: SingleKeyHeld, ttlMs) => extend(redis, held, ttlMs),
    }
  },
} satisfies Lock
