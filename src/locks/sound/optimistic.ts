import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import { attempt, definite } from '../definite.ts'
import type { Lock } from '../lock.ts'
import { openClient } from './client.ts'
import { tryOnce, type SingleKeyHeld } from './single-key.ts'
import { jittered, until } from './waiting.ts'

const pollMs = 20
/** WATCH belongs to a connection: each try has one to itself. */
const connectionsMax = 8

type Waiter = (redis: Redis) => void

/**
 * No script: WATCH the key, look, and take or delete it in a transaction that fails if anybody touched it since. What was watched
 * and is not needed is forgotten with UNWATCH, and a connection on which that is not certain is not used again as it is.
 * https://redis.io/docs/latest/develop/using-commands/transactions/#optimistic-locking-using-check-and-set
 */
export default {
  name: 'optimistic',
  topologies: ['single', 'sentinel'],
  async open(env) {
    const idle = await Promise.all(Array.from({ length: connectionsMax }, () => openClient(env)))
    const [asking, lettingGo]: [Waiter[], Waiter[]] = [[], []]

    /** Whoever lets go does not stand in line behind all who ask. */
    async function alone<Result>(use: (redis: Redis) => Promise<Result>, line = asking): Promise<Result> {
      const redis = idle.pop() ?? (await new Promise<Redis>((resolve) => line.push(resolve)))
      try {
        return await use(redis)
      } catch (error) {
        // What it watches, and which of its answers are still on their way, nobody knows. (One that connects anew is new.)
        if (redis.status === 'ready') redis.disconnect(true)
        throw error
      } finally {
        const waiting = lettingGo.shift() ?? asking.shift()
        if (waiting) waiting(redis)
        else idle.push(redis)
      }
    }

    /** Runs `commands` if the key has this value (null: is not there), in one step; false if it has another. */
    async function ifStill(
      redis: Redis,
      key: string,
      value: string | null,
      command: [string, ...unknown[]],
    ): Promise<boolean> {
      await redis.watch(key)
      if ((await redis.get(key)) !== value) {
        await redis.unwatch()
        return false
      }
      const results = await redis
        .multi([command])
        .exec()
        .catch((error: Error) => {
          // A command was refused when it was queued, and then none is run.
          throw error.message.startsWith('EXECABORT') ? definite(error) : error
        })
      const failed = results?.find(([error]) => error !== null)
      if (failed) throw failed[0]!
      return results !== null
    }
    const free = (key: string, token: string) => alone((redis) => ifStill(redis, key, token, ['del', key]), lettingGo)

    return {
      acquire(key, { ttlMs, waitMs, signal }) {
        const once = () =>
          alone(async (redis) => {
            const token = randomUUID()
            const take = async () => ((await ifStill(redis, key, null, ['set', key, token, 'PX', ttlMs])) ? true : null)
            const granted = await tryOnce({ redis, key, token, ttlMs }, take, () => free(key, token))
            return granted && granted.held
          })
        return until({ waitMs, signal }, once, jittered(pollMs, signal))
      },
      async release({ key, token, validity }: SingleKeyHeld) {
        validity.end()
        // Its own transaction can only fail because somebody else has the key by now.
        return alone((redis) => attempt(redis, () => ifStill(redis, key, token, ['del', key])), lettingGo)
      },
    }
  },
} satisfies Lock
