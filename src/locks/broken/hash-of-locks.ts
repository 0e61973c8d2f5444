import { randomUUID } from 'node:crypto'
import { attempt } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { pause } from '../pause.ts'

const pollMs = 20
/** One for all. */
const table = 'locks'
const deleteIfMine = luaScript(import.meta.url, 'delete-field-if-mine.lua')

/**
 * Bug: all locks are fields of one hash, which is tidy to look at in a console, and fields have no time to live (before Redis 7.4). A holder that dies, or whose
 * release is lost, blocks its field for ever. Home-grown registries look like this; Redisson's locks are hashes too, but one each, with PEXPIRE.
 */
export default {
  name: 'hash-of-locks',
  topologies: ['single', 'sentinel'],
  open(env) {
    const redis = env.connect(0, { maxRetriesPerRequest: 1, autoResendUnfulfilledCommands: false })
    return {
      async acquire(key, { waitMs, signal }): Promise<Held | null> {
        const token = randomUUID()
        const giveUpAt = performance.now() + waitMs
        while (true) {
          if ((await attempt(redis, () => redis.hsetnx(table, key, token))) === 1) return { key, token }
          if (signal.aborted || performance.now() + pollMs > giveUpAt) return null
          await pause(pollMs, signal)
        }
      },
      async release({ key, token }: Held) {
        return (await attempt(redis, () => deleteIfMine(redis, [table], key, token))) === 1
      },
    }
  },
} satisfies Lock
