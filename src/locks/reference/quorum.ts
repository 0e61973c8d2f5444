import { definite } from '../definite.ts'
import type { Held } from '../held.ts'
import type { LockEnv, OpenLock } from '../lock.ts'
import { numberOption } from '../option.ts'
import { pause } from '../pause.ts'
import { type Ballot, hold, undecided } from './ballot.ts'
import { cleaner } from './cleaner.ts'
import { jittered, newToken, validity } from './lease.ts'
import { lockNode } from './node.ts'

const retryMs = 30

/**
 * Independent nodes, by the published algorithm: all are asked at once, each has a small part of the TTL to answer, and the lease
 * stands if a majority agreed and some of it is left, counted from before the first request. After a failure all nodes are freed, also
 * those that did not answer, and the next round comes after a random delay with a token of its own. It gives no fence: random tokens
 * cannot order writes. https://redis.io/docs/latest/develop/use/patterns/distributed-locks/#the-redlock-algorithm
 */
export async function openQuorum(env: LockEnv): Promise<OpenLock> {
  const timeoutMs = numberOption(env, 'timeoutMs', 250)
  const nodes = Array.from({ length: env.size }, (_, index) => lockNode(env, index, timeoutMs))
  const majority = Math.floor(nodes.length / 2) + 1
  const cleaning = cleaner()
  await Promise.all(nodes.map((node) => node.ready))

  /** Frees every node that may have it, and says on how many it may still be. */
  async function undo(key: string, token: string, ballot: Ballot, untilMs: number): Promise<number> {
    const votes = await ballot.all
    const left = await Promise.all(
      nodes.map(async (node, index) => {
        if (votes[index]!.vote === 'refused') return false
        try {
          await node.release(key, token)
          return votes[index]!.vote === 'doubt'
        } catch {
          cleaning.clean(node, key, token, untilMs)
          return votes[index]!.vote !== 'no'
        }
      }),
    )
    return left.filter(Boolean).length
  }

  return {
    async acquire(key, { ttlMs, waitMs, signal }): Promise<Held | null> {
      const giveUpAt = performance.now() + waitMs
      let doubt: Error | undefined
      while (true) {
        const token = newToken()
        const sentAt = performance.now()
        const ballot = hold(nodes, majority, (node) => node.take(key, token, ttlMs))
        const validForMs = (await ballot.won) ? validity(sentAt, ttlMs) : 0
        if (validForMs > 0) return { key, token, validForMs }

        const left = await undo(key, token, ballot, sentAt + ttlMs)
        const outcome = await ballot.outcome()
        if (left >= majority) doubt ??= undecided(outcome)
        const waitedMs = jittered(retryMs)
        if (signal.aborted || performance.now() + waitedMs > giveUpAt) {
          if (doubt) throw doubt
          if (outcome.reachable >= majority) return null
          throw left === 0 ? definite(undecided(outcome)) : undecided(outcome)
        }
        await pause(waitedMs, signal)
      }
    },

    async release({ key, token, validForMs }: Held) {
      const untilMs = performance.now() + (validForMs ?? 0)
      const ballot = hold(nodes, majority, async (node) => {
        try {
          return await node.release(key, token)
        } catch (error) {
          cleaning.clean(node, key, token, untilMs)
          throw error
        }
      })
      if (await ballot.won) return true
      const outcome = await ballot.outcome()
      if (outcome.noes >= majority) return false
      throw outcome.refusals === nodes.length ? definite(undecided(outcome)) : undecided(outcome)
    },

    async extend({ key, token }: Held, ttlMs) {
      const sentAt = performance.now()
      const ballot = hold(nodes, majority, (node) => node.extend(key, token, ttlMs))
      const validForMs = (await ballot.won) ? validity(sentAt, ttlMs) : 0
      if (validForMs > 0) return { validForMs }
      const outcome = await ballot.outcome()
      if (outcome.noes >= majority) return false
      throw outcome.refusals === nodes.length ? definite(undecided(outcome)) : undecided(outcome)
    },

    async close() {
      await cleaning.close()
      for (const node of nodes) node.close()
    },
  }
}
