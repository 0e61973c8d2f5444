import { randomUUID } from 'node:crypto'
import { attempt, definite } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { retrying } from '../nodes.ts'
import { openPrimary } from '../primary.ts'

const releaseIfMine = luaScript(import.meta.url, '../release.lua')
const waitMaxMs = 300

/**
 * Bug: it waits for as many replicas as the primary has connected, and for none where it has none (Redisson skips the check at 0 replicas;
 * redisson#3994, #5256). The moment in which the replica is cut off is the moment in which the check was needed.
 */
export default {
  name: 'wait-skipped',
  topologies: ['sentinel'],
  async open(env) {
    const redis = await openPrimary(env)
    const connectedReplicas = async () =>
      Number(/connected_slaves:(\d+)/.exec(await redis.info('replication'))?.[1] ?? 0)
    const free = ({ key, token }: Held) => attempt(redis, () => releaseIfMine(redis, [key], token))
    return {
      acquire(key, { ttlMs, waitMs, signal }): Promise<Held | null> {
        const token = randomUUID()
        return retrying({ waitMs, signal }, async () => {
          const reply = await attempt(redis, () => redis.set(key, token, 'PX', ttlMs, 'NX'))
          if (reply !== 'OK') return null
          const replicas = await connectedReplicas()
          if (replicas === 0 || (await redis.wait(replicas, waitMaxMs)) >= replicas) return { key, token }
          await free({ key, token })
          throw definite(new Error('the replicas did not confirm the lock'))
        })
      },
      release: async (held: Held) => (await free(held)) === 1,
    }
  },
} satisfies Lock
