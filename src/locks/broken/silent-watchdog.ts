import { randomUUID } from 'node:crypto'
import { attempt } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { pause } from '../pause.ts'

const pollMs = 15
const releaseIfMine = luaScript(import.meta.url, '../release.lua')
const extendIfMine = luaScript(import.meta.url, './extend-if-mine.lua')

/**
 * Bug: it takes short leases, a third of what was asked for, and has a watchdog renew them, so that the key of a crashed holder is soon free. Whether a renewal
 * worked, nobody is told: neither that it failed nor that the lease is another's by now, though each answer says so. Redisson's watchdog has no callback for that either
 * (redisson#4698); its lease of 30 s hides it longer.
 */
export default {
  name: 'silent-watchdog',
  topologies: ['single', 'sentinel'],
  capabilities: { autoExtend: true },
  open(env) {
    const redis = env.connect()
    const timers = new Map<string, NodeJS.Timeout>()

    return {
      async acquire(key, { ttlMs, waitMs, signal }): Promise<Held | null> {
        const token = randomUUID()
        const leaseMs = Math.ceil(ttlMs / 3)
        const giveUpAt = performance.now() + waitMs
        while (true) {
          const sentAt = performance.now()
          const reply = await attempt(redis, () => redis.set(key, token, 'PX', leaseMs, 'NX'))
          if (reply === 'OK' && performance.now() < sentAt + leaseMs) {
            const renew = () => void extendIfMine(redis, [key], token, leaseMs).catch(() => {})
            timers.set(token, setInterval(renew, leaseMs / 3))
            return { key, token }
          }
          if (signal.aborted || performance.now() + pollMs > giveUpAt) return null
          await pause(pollMs, signal)
        }
      },
      async release({ key, token }: Held) {
        clearInterval(timers.get(token))
        timers.delete(token)
        return (await attempt(redis, () => releaseIfMine(redis, [key], token))) === 1
      },
      close: () => timers.forEach((timer) => clearInterval(timer)),
    }
  },
} satisfies Lock
