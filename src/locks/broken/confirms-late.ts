import { randomUUID } from 'node:crypto'
import { definite, isRefusal } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { pause } from '../pause.ts'

const pollMs = 15
const releaseIfMine = luaScript(import.meta.url, '../release.lua')

/**
 * Bug: it asks again with the same token after a timeout, which is right, and then counts the lease from that second question, which is not: when the key turns
 * out to be its own, the first SET began the lease. An idempotent obtain (bsm/redislock has one) invites to it. Otherwise it looks at the clock as it should.
 *
 * Option: `timeoutMs`, its patience (400).
 */
export default {
  name: 'confirms-late',
  topologies: ['single', 'sentinel'],
  open(env) {
    const timeoutMs = Number(env.options['timeoutMs'] ?? 400)
    const redis = env.connect(0, { maxRetriesPerRequest: 0, autoResendUnfulfilledCommands: false })

    /** Whether the key is ours now; undefined where that takes too long. */
    async function take(
      key: string,
      token: string,
      ttlMs: number,
      again: boolean,
      signal: AbortSignal,
    ): Promise<boolean | undefined> {
      // Both in one journey: the answer to the second question is not later than that to the first would have been.
      const answered = redis
        .multi()
        .set(key, token, 'PX', ttlMs, 'NX')
        .get(key)
        .exec()
        .then((answers) => answers?.[0]?.[1] === 'OK' || (again && answers?.[1]?.[1] === token))
      return Promise.race([answered, pause(timeoutMs, signal).then(() => undefined)])
    }

    return {
      async acquire(key, { ttlMs, waitMs, signal }): Promise<Held | null> {
        const token = randomUUID()
        const giveUpAt = performance.now() + waitMs
        let sent = false
        while (true) {
          const askedAt = performance.now()
          const mine: boolean | undefined = await take(key, token, ttlMs, sent, signal).catch((error: Error) => {
            if (!sent && isRefusal(error)) throw definite(error)
            return undefined
          })
          const validForMs = askedAt + ttlMs - performance.now() - 5
          if (mine === true && validForMs > 0) return { key, token, validForMs }
          sent ||= mine === undefined
          if (signal.aborted || performance.now() + pollMs > giveUpAt) {
            // What an unanswered question may have left.
            if (sent) await releaseIfMine(redis, [key], token)
            return null
          }
          await pause(pollMs, signal)
        }
      },
      async release({ key, token }: Held) {
        return (await releaseIfMine(redis, [key], token)) === 1
      },
    }
  },
} satisfies Lock
