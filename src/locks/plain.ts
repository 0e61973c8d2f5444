import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import { attempt } from './definite.ts'
import type { Held } from './held.ts'
import { luaScript } from './lua.ts'
import { retrying } from './nodes.ts'

const releaseIfMine = luaScript(import.meta.url, 'release.lua')
const extendIfMine = luaScript(import.meta.url, 'extend.lua')
const pollMs = 15

interface Waiting {
  ttlMs: number
  waitMs: number
  signal: AbortSignal
}

/** A plain lock on one Redis, right in every part: SET NX PX with a token, polling, compare-and-delete, compare-and-extend. For locks that differ in one. */
export function plain(redis: Redis) {
  return {
    /** One try. */
    async take(key: string, token: string, ttlMs: number): Promise<boolean> {
      return (await attempt(redis, () => redis.set(key, token, 'PX', ttlMs, 'NX'))) === 'OK'
    },
    async acquire(key: string, waiting: Waiting): Promise<Held | null> {
      const token = randomUUID()
      const taken = await polling(waiting, () => this.take(key, token, waiting.ttlMs))
      return taken ? { key, token } : null
    },
    async release({ key, token }: Held): Promise<boolean> {
      return (await attempt(redis, () => releaseIfMine(redis, [key], token))) === 1
    },
    async extend({ key, token }: Held, ttlMs: number): Promise<boolean> {
      return (await attempt(redis, () => extendIfMine(redis, [key], token, ttlMs))) === 1
    },
  }
}

/** Tries until a try succeeds, or until another one would come too late: false. */
export const polling = async (waiting: Waiting, once: () => Promise<boolean>): Promise<boolean> =>
  (await retrying(
    waiting,
    async () => (await once()) || null,
    () => pollMs,
  )) !== null
