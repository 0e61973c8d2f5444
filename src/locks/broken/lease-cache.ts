import { randomUUID } from 'node:crypto'
import { attempt } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { pause } from '../pause.ts'

const pollMs = 15
const releaseIfMine = luaScript(import.meta.url, '../release.lua')
const keepMs = 60

/**
 * Bug: it keeps a lease for a moment after the release, "sticky", and gives it to the next caller of the same process without asking Redis, for as long as its own clock
 * says that it lasts (and says so: `validForMs` is what is left). Biased locking, as a cache in front of Redisson or of a database lease does it. While leases end at
 * their time that is sound; where the node lets go earlier (its clock steps, it evicts, it is flushed, it restarts empty) this process goes on granting what another one holds by now.
 */
export default {
  name: 'lease-cache',
  topologies: ['single', 'sentinel'],
  open(env) {
    const redis = env.connect()
    const kept = new Map<string, Lease>()
    const giveBack = ({ key, token }: Lease) => releaseIfMine(redis, [key], token)

    return {
      async acquire(key, { ttlMs, waitMs, signal }): Promise<Lease | null> {
        const token = randomUUID()
        const giveUpAt = performance.now() + waitMs
        while (true) {
          const sticky = kept.get(key)
          kept.delete(key)
          const leftMs = sticky ? sticky.endsAt - performance.now() : 0
          if (sticky && leftMs > ttlMs / 2) return { ...sticky, validForMs: leftMs }
          const endsAt = performance.now() + ttlMs
          const reply = await attempt(redis, () => redis.set(key, token, 'PX', ttlMs, 'NX'))
          if (reply === 'OK') return { key, token, endsAt, validForMs: endsAt - performance.now() }
          if (signal.aborted || performance.now() + pollMs > giveUpAt) return null
          await pause(pollMs, signal)
        }
      },
      async release(lease: Lease) {
        kept.set(lease.key, lease)
        setTimeout(() => {
          if (kept.get(lease.key) !== lease) return
          kept.delete(lease.key)
          giveBack(lease).catch((error: Error) => env.log(error.message))
        }, keepMs)
        return true
      },
    }
  },
} satisfies Lock

interface Lease extends Held {
  /** By this process' clock. */
  endsAt: number
}
