import type { Redis } from 'ioredis'
import { attempt, isDefinite } from '../../locks/definite.ts'
import { luaScript } from '../../locks/lua.ts'
import type { LedgerSession } from '../workload.ts'
import type { Taking } from './guard.ts'

/**
 * Stock that is kept on Redis and copied to the ledger afterwards, as the shop of seed 002 does it: a script decides, an event in the
 * memory of this server writes the order, and a reconciler looks from time to time whether both still say the same.
 *
 * Its weak points are meant: between the decision and the copy only Redis and this process know of it, and a reconciler can tell a copy that is
 * under way on another server from one that will never come only by waiting.
 */
export interface Shelf extends AsyncDisposable {
  /** Decides. `repeated`: the same taker had his share before. */
  take(key: string, taking: Taking): Promise<'done' | 'repeated' | 'refused' | 'unavailable' | 'indeterminate'>
  /** Has it written to the ledger soon. */
  copy(key: string, taking: Taking): void
}

const takeScript = luaScript(import.meta.url, 'take.lua')
const putScript = luaScript(import.meta.url, 'put.lua')

/** How a client of the shelf is to behave: it answers at once, and never sends twice. */
export const shelfClient = {
  // Apart from the keys of locks, which are looked through for leaks.
  db: 1,
  commandTimeout: 1000,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
} as const

const copyAfterMs = 20
const copiesAtOnce = 8
/** Seed 002's minute, in a drill of seconds. */
const reconcileEveryMs = 500

export function openShelf(redis: Redis, db: LedgerSession): Shelf {
  const queue: { key: string; taking: Taking }[] = []
  /** A taking of each resource that was asked for: it knows where the ledger has it. */
  const known = new Map<string, Taking>()
  const seen = new Map<string, string>()
  let copying: Promise<void> | undefined
  let closed = false

  const keysOf = (key: string) => [`left:${key}`, `taken:${key}`]

  async function copyAll(): Promise<void> {
    while (queue.length > 0) {
      const batch = queue.splice(0, copiesAtOnce)
      await Promise.all(
        batch.map(({ taking }) =>
          db.transaction(async (session) => {
            for (const { sql, values } of taking.writes) await session.query(sql, values)
          }),
        ),
      )
    }
  }

  /** Copies what is waiting, and what comes while it does. */
  const drain = () => (copying ??= copyAll().finally(() => (copying = undefined)))

  /** From the ledger, where Redis still has what was seen there (`''`: nothing). */
  async function put(key: string, taking: Taking, was: string): Promise<void> {
    await drain()
    // Takers first: who is copied in between is counted twice rather than not at all.
    const takers = await db.query<{ by: string }>(taking.takers.sql, taking.takers.values)
    const [stock] = await db.query<{ left: number }>(taking.left.sql, taking.left.values)
    await putScript(redis, keysOf(key), was, stock?.left ?? 0, ...takers.map(({ by }) => by))
  }

  async function decide(key: string, taking: Taking): Promise<string> {
    while (true) {
      const answer = String(await attempt(redis, () => takeScript(redis, keysOf(key), taking.units, taking.by)))
      if (answer !== 'missing') return answer
      await put(key, taking, '')
    }
  }

  /** A difference that stands still, and is not on its way from here, is a copy that will never come or a Redis that has forgotten. */
  async function reconcile(): Promise<void> {
    for (const [key, taking] of known) {
      const left = (await redis.get(keysOf(key)[0]!)) ?? ''
      const [stock] = await db.query<{ left: number }>(taking.left.sql, taking.left.values)
      const both = `${left} here, ${stock?.left} in the ledger`
      const stands = seen.get(key) === both
      seen.set(key, both)
      if (stands && left !== String(stock?.left) && queue.length === 0 && copying === undefined)
        await put(key, taking, left)
    }
  }
  // Without Redis there is nothing to look at; the next time there may be.
  const timer = setInterval(() => void reconcile().catch(() => {}), reconcileEveryMs)

  return {
    async take(key, taking) {
      known.set(key, taking)
      try {
        return (await decide(key, taking)) as 'done' | 'repeated' | 'refused'
      } catch (error) {
        return isDefinite(error) ? 'unavailable' : 'indeterminate'
      }
    },
    copy(key, taking) {
      queue.push({ key, taking })
      // Where the ledger fails, the copies of this batch are lost, as an event in memory is.
      if (!closed) setTimeout(() => void drain().catch(() => {}), copyAfterMs).unref()
    },
    async [Symbol.asyncDispose]() {
      closed = true
      clearInterval(timer)
      await drain().catch(() => {})
      redis.disconnect()
    },
  }
}
