import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { attempt } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { pause } from '../pause.ts'

const pollMs = 15
const releaseIfMine = luaScript(import.meta.url, '../release.lua')

/**
 * Bug: `orElseLocalLock()`. Where Redis answers `OOM command not allowed` it takes a mutex of this process instead, first come, first served, and waits for it as for the real one:
 * careful work, on one server. On two it lets one in on each, and one on Redis besides. The stop-gap of the incident of 2025-06-05 (seed 000), which its report asks to
 * be built in "where the transaction has little priority". Every other failure it hands on as it is.
 */
export default {
  name: 'local-on-oom',
  topologies: ['single', 'sentinel'],
  open(env) {
    const redis = env.connect()
    /** Who holds and who waits here, in the order of their coming. */
    const lines = new Map<string, string[]>()

    async function orElseLocalLock(key: string, token: string, giveUpAt: number, signal: AbortSignal) {
      const line = lines.get(key) ?? []
      lines.set(key, line)
      line.push(token)
      while (line[0] !== token && !signal.aborted && performance.now() < giveUpAt) await sleep(1)
      if (line[0] === token) return { key, token, here: true }
      line.splice(line.indexOf(token), 1)
      return null
    }

    return {
      async acquire(key, { ttlMs, waitMs, signal }): Promise<(Held & { here: boolean }) | null> {
        const token = randomUUID()
        const giveUpAt = performance.now() + waitMs
        while (true) {
          try {
            const reply = await attempt(redis, () => redis.set(key, token, 'PX', ttlMs, 'NX'))
            if (reply === 'OK') return { key, token, here: false }
          } catch (error) {
            if (!(error as Error).message.startsWith('OOM')) throw error
            return orElseLocalLock(key, token, giveUpAt, signal)
          }
          if (signal.aborted || performance.now() + pollMs > giveUpAt) return null
          await pause(pollMs, signal)
        }
      },
      async release({ key, token, here }: Held & { here: boolean }) {
        if (!here) return (await attempt(redis, () => releaseIfMine(redis, [key], token))) === 1
        return lines.get(key)!.shift() === token
      },
    }
  },
} satisfies Lock
