import { randomUUID } from 'node:crypto'
import { attempt } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { pause } from '../pause.ts'

const pollMs = 20
const releaseIfMine = luaScript(import.meta.url, '../release.lua')

/**
 * Bug: it sends SET NX and PTTL in one pipeline, to know at once for how long to wait, and takes any answer but `null` for a grant. A pipeline does not
 * throw: a command that was refused comes back as a pair of an error and `undefined`. Seen with ioredis' `pipeline().exec()` and go-redis' `Pipelined`,
 * where the error is in another place than one is used to. It shows when Redis refuses: `OOM command not allowed`, READONLY, MISCONF.
 */
export default {
  name: 'pipeline-undefined',
  topologies: ['single', 'sentinel'],
  open(env) {
    const redis = env.connect()
    return {
      async acquire(key, { ttlMs, waitMs, signal }): Promise<Held | null> {
        const token = randomUUID()
        const giveUpAt = performance.now() + waitMs
        while (true) {
          const replies = await redis.pipeline().set(key, token, 'PX', ttlMs, 'NX').pttl(key).exec()
          const [taken, left] = replies!.map(([, reply]) => reply)
          if (taken !== null) return { key, token }
          if (signal.aborted || performance.now() + pollMs > giveUpAt) return null
          await pause(Math.min(pollMs, Math.max(1, Number(left))), signal)
        }
      },
      async release({ key, token }: Held) {
        return (await attempt(redis, () => releaseIfMine(redis, [key], token))) === 1
      },
    }
  },
} satisfies Lock
