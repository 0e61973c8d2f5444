import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { luaScript } from '../../src/locks/lua.ts'
import { type Contender, ttlMs } from './contender.ts'

const releaseIfMine = luaScript(new URL('../../src/locks/', import.meta.url).href, 'release.lua')

/** What most shops write first: SET NX PX, again after a fixed delay, freed by compare-and-delete. */
export const setNx = (pollMs: number) =>
  ({
    title: 'SET NX PX, by hand',
    waits: `polls every ${pollMs} ms`,
    quorum: false,
    open(env) {
      const redis = env.connect()
      return {
        async acquire(key) {
          const token = randomUUID()
          while ((await redis.set(key, token, 'PX', ttlMs, 'NX')) !== 'OK') await sleep(pollMs)
          return () => releaseIfMine(redis, [key], token)
        },
      }
    },
  }) satisfies Contender
