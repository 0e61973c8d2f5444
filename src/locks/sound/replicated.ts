import { randomUUID } from 'node:crypto'
import { definite } from '../definite.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { openClient, takeBack } from './client.ts'
import { tryOnce, type SingleKeyHeld } from './single-key.ts'
import { isWorthIt, validFor } from './validity.ts'
import { jittered, until } from './waiting.ts'

const pollMs = 20
/** A healthy replica has a write within a few milliseconds. */
const waitReplicaMs = 300
const releaseIfMine = luaScript(import.meta.url, '../release.lua')

/**
 * For a Sentinel group: a grant counts only once a replica has the key (WAIT), so that the replica that is promoted knows it, and a primary
 * that is cut off from its replica grants nothing. The price: without a replica there are no grants at all, also after a
 * failover until the old primary is back. With more than one replica Sentinel may promote one that has it not: made for one.
 * https://redis.io/docs/latest/commands/wait/#consistency-and-wait
 */
export default {
  name: 'replicated',
  topologies: ['sentinel'],
  async open(env) {
    const redis = await openClient(env)
    return {
      acquire(key, { ttlMs, waitMs, signal }) {
        const once = async () => {
          const token = randomUUID()
          const free = () => releaseIfMine(redis, [key], token)
          const askedMs = performance.now()
          const granted = await tryOnce(
            { redis, key, token, ttlMs },
            () => redis.set(key, token, 'PX', ttlMs, 'NX'),
            free,
          )
          if (granted === null) return null
          const { held } = granted
          // On the same connection, whose writes it waits for.
          const copies = await redis.wait(1, waitReplicaMs).catch(() => 0)
          const validForMs = validFor(ttlMs, askedMs)
          if (copies > 0 && isWorthIt(validForMs, ttlMs)) return Object.assign(held, { validForMs })
          held.validity.end()
          await free().catch((error: unknown) => {
            void takeBack(free, ttlMs)
            throw new Error('no replica has the lock, and it could not be given back', { cause: error })
          })
          throw definite(new Error('no replica has the lock'))
        }
        return until({ waitMs, signal }, once, jittered(pollMs, signal))
      },
      async release({ key, token, validity }: SingleKeyHeld) {
        validity.end()
        return (await releaseIfMine(redis, [key], token)) === 1
      },
    }
  },
} satisfies Lock
