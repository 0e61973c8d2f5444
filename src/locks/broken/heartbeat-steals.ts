import { attempt } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { plain, polling } from '../plain.ts'

const beatEveryMs = 60
const deadAfterMs = 300

/**
 * Bug: waiters need not sit out the lease of a dead server: each server beats into a key of its own, and where a holder's beat has stopped its lock is
 * taken over. A server that is paused or busy for a third of a second is as silent as a dead one, and its lease had long to run. Home-made "fast failover" on
 * top of leases; a queue that drops a waiter whose beat is late is the same (redisson#3004).
 */
export default {
  name: 'heartbeat-steals',
  topologies: ['single', 'sentinel'],
  bookkeeping: ['beat:*'],
  async open(env) {
    const redis = env.connect()
    const right = plain(redis)
    const beat = () => redis.set(`beat:${env.server}`, '1', 'PX', deadAfterMs).catch(() => {})
    await beat()
    const beats = setInterval(() => void beat(), beatEveryMs)
    const dead = async (token: string) => (await redis.exists(`beat:${token.split(' ', 1)[0]}`)) === 0

    return {
      ...right,
      async acquire(key, waiting): Promise<Held | null> {
        const token = `${env.server} ${crypto.randomUUID()}`
        const taken = await polling(waiting, async () => {
          if (await right.take(key, token, waiting.ttlMs)) return true
          const holder = await attempt(redis, () => redis.get(key))
          if (holder === null || !(await attempt(redis, () => dead(holder)))) return false
          // Who else saw it is refused here: only one takes over.
          await right.release({ key, token: holder })
          return right.take(key, token, waiting.ttlMs)
        })
        return taken ? { key, token } : null
      },
      close: () => clearInterval(beats),
    }
  },
} satisfies Lock
