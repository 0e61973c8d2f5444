import { randomUUID } from 'node:crypto'
import { connected } from '../connected.ts'
import { attempt } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { pause } from '../pause.ts'

/** The safety net: who is owed a message and got none asks by himself. */
const askAgainMs = 100
const takeOrQueue = luaScript(import.meta.url, './take-or-queue.lua')
const handOn = luaScript(import.meta.url, './hand-on.lua')
const leave = luaScript(import.meta.url, './leave-queue.lua')

/**
 * Bug: waiters stand in a queue on Redis, a release writes the next one's token into the key and tells him, and who is told holds. All of that is right. But after a
 * reconnect of the subscriber "our message may have been lost", so everybody is woken; and a waiter who wakes believes that it is his turn (`if` where it says
 * `while`). Spurious wake-ups are taught for condition variables, and forgotten for messages.
 */
export default {
  name: 'wakes-on-reconnect',
  topologies: ['single', 'sentinel'],
  bookkeeping: ['queue:*'],
  async open(env) {
    const redis = env.connect()
    const ear = env.connect()
    const channel = `turn:${randomUUID()}`
    const waiting = new Map<string, () => void>()
    let heard = false
    ear.on('message', (_channel, token: string) => waiting.get(token)?.())
    ear.on('ready', () => {
      if (heard) for (const wake of waiting.values()) wake()
      heard = true
    })
    await connected(ear, 2000)
    void ear.subscribe(channel).catch(() => {})

    return {
      async acquire(key, { ttlMs, waitMs, signal }): Promise<Held | null> {
        const token = `${channel} ${randomUUID()}`
        const keys = [key, `queue:${key}`]
        const giveUpAt = performance.now() + waitMs
        const turn = Promise.withResolvers<'told'>()
        waiting.set(token, () => turn.resolve('told'))
        try {
          while (true) {
            const reply = await attempt(redis, () => takeOrQueue(redis, keys, token, ttlMs))
            if (reply === 1) return { key, token }
            const told = await Promise.race([turn.promise, pause(askAgainMs, signal).then(() => undefined)])
            if (told) return { key, token }
            if (signal.aborted || performance.now() > giveUpAt) break
          }
          // Our turn may have come in this very moment.
          return (await leave(redis, keys, token)) === 1 ? { key, token } : null
        } finally {
          waiting.delete(token)
        }
      },
      async release({ key, token }: Held) {
        return (await attempt(redis, () => handOn(redis, [key, `queue:${key}`], token))) === 1
      },
    }
  },
} satisfies Lock
