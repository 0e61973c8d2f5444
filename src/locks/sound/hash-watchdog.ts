import { randomUUID } from 'node:crypto'
import { attempt } from '../definite.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { openClient } from './client.ts'
import { tryOnce, type SingleKeyHeld } from './single-key.ts'
import { validFor } from './validity.ts'
import { jittered, until } from './waiting.ts'

const pollMs = 15
const takeHash = luaScript(import.meta.url, 'hash-take.lua')
const renewIfMine = luaScript(import.meta.url, 'hash-renew.lua')
const releaseIfMine = luaScript(import.meta.url, 'hash-release.lua')

interface Watched extends Omit<SingleKeyHeld, 'validForMs'> {
  stop(): void
}

/**
 * As Redisson keeps its locks: a hash with the holder as its field, PEXPIRE, and a watchdog that renews at a third of the lease for as long
 * as it is held. It ends when the lock is given back, *before* the release is sent, and when a renewal is refused; where none is
 * confirmed in time, `lost` fires at the end of what was.
 * https://redisson.pro/docs/data-and-services/locks-and-synchronizers/#lock
 */
export default {
  name: 'hash-watchdog',
  topologies: ['single', 'sentinel'],
  capabilities: { autoExtend: true },
  async open(env) {
    const redis = await openClient(env)
    const running = new Set<NodeJS.Timeout>()

    function watch(held: SingleKeyHeld, ttlMs: number): Watched {
      const { key, token, validity } = held
      let over = false
      const renew = async () => {
        const askedMs = performance.now()
        const renewed = await attempt(redis, () => renewIfMine(redis, [key], token, ttlMs)).catch(() => undefined)
        if (over) return
        if (renewed === 0) return validity.lose()
        if (renewed === 1 && !validity.lost.aborted) validity.prolong(validFor(ttlMs, askedMs))
      }
      const timer = setInterval(() => void renew(), ttlMs / 3)
      running.add(timer)
      const stop = () => {
        over = true
        clearInterval(timer)
        running.delete(timer)
      }
      validity.lost.addEventListener('abort', stop)
      // It is renewed: `validForMs` would be an end that it does not have. When it has one, `lost` tells.
      return { key, token, lost: held.lost, validity, stop }
    }

    return {
      acquire(key, { ttlMs, waitMs, signal }) {
        const once = async () => {
          const token = `${env.server}:${randomUUID()}`
          const take = () => takeHash(redis, [key], token, ttlMs) as Promise<1 | null>
          const granted = await tryOnce({ redis, key, token, ttlMs }, take, () => releaseIfMine(redis, [key], token))
          return granted && watch(granted.held, ttlMs)
        }
        return until({ waitMs, signal }, once, jittered(pollMs, signal))
      },
      async release({ key, token, validity, stop }: Watched) {
        stop()
        validity.end()
        return (await releaseIfMine(redis, [key], token)) === 1
      },
      close() {
        for (const timer of running) clearInterval(timer)
      },
    }
  },
} satisfies Lock
