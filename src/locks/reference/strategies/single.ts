import { definite } from '../../definite.ts'
import { cleaner } from '../cleaner.ts'
import { validUntil } from '../lease.ts'
import { lockNode, type NodeOptions, type Vote } from '../node.ts'
import type { Line, Strategy } from '../strategy.ts'

export interface OneRedisOptions extends Pick<NodeOptions, 'connect' | 'process' | 'timeoutMs'> {
  /** A grant counts only once so many replicas have it (0): an acknowledged lock then survives the promotion of one of them. */
  waitReplicas: number
}

/**
 * One logical Redis: alone, or the primary that Sentinel points to.
 *
 * `waitReplicas` makes the loss of a lock in a failover less likely, and not impossible: Sentinel may promote a replica that does not have
 * it. https://redis.io/docs/latest/commands/wait/#consistency-and-wait
 */
export function oneRedis(name: 'single' | 'sentinel', options: OneRedisOptions): Strategy {
  const { waitReplicas, timeoutMs } = options
  const confirmMs = confirmWithinMs(timeoutMs)
  const node = lockNode({ ...options, fenced: true })
  const cleaning = cleaner()

  const cleanUp = (key: string, token: string, untilMs: number) =>
    cleaning.clean(untilMs, () => node.release(key, token))

  async function tryConfirmed(key: string, token: string, ttlMs: number, line: Line): Promise<Vote> {
    const sentAtMs = performance.now()
    const vote = await node.acquire(key, token, ttlMs, line)
    if (vote.taken) await confirmed(key, token, sentAtMs + ttlMs)
    return vote
  }

  /** Gives the lock back where the replicas do not confirm it. */
  async function confirmed(key: string, token: string, untilMs: number): Promise<void> {
    let count: number
    try {
      count = await node.replicated(waitReplicas, confirmMs)
    } catch (error) {
      cleanUp(key, token, untilMs)
      // Whatever WAIT said: the lock itself was granted.
      throw new Error(`no replica could be asked: ${(error as Error).message}`, { cause: error })
    }
    if (count >= waitReplicas) return
    const failure = new Error(
      `waitReplicas is ${waitReplicas}, but ${count === 1 ? '1 replica' : `${count} replicas`} confirmed the lock within ${confirmMs} ms`,
    )
    try {
      await node.release(key, token)
    } catch {
      cleanUp(key, token, untilMs)
      throw failure
    }
    throw definite(failure)
  }

  return {
    name,
    reusesTokens: waitReplicas === 0,
    tryAcquire: waitReplicas > 0 ? tryConfirmed : node.acquire,
    // One request per grant; not where replicas are asked, because a grant that they refuse would leave the release undone or untold.
    ...(waitReplicas === 0 && { handOver: node.handOver }),
    release: (key, token) => node.release(key, token),
    async extend(key, token, ttlMs) {
      const sentAtMs = performance.now()
      return (await node.extend(key, token, ttlMs)) && { validUntilMs: validUntil(sentAtMs, ttlMs) }
    },
    // No holder has an empty token: all that it does is to tell the next one.
    pass: (key) => node.release(key, '').then(noop, noop),
    cleanUp,
    onTurn: node.onTurn,
    ready: node.ready,
    async close() {
      await cleaning.close()
      node.close()
    },
  }
}

/**
 * How long a WAIT is asked for, so that its answer comes before `timeoutMs` is over: a number that is too small is a definite no, no number is
 * none. A Redis that has nothing else to do looks only ten times a second (its `hz`) whether a WAIT is over, so it ends up to 100 ms late, and
 * as much again is left for the way. With less than 150 ms in all that cannot be had, and a refusal may be indefinite.
 */
export function confirmWithinMs(timeoutMs: number): number {
  return Math.ceil(Math.min(timeoutMs / 2, Math.max(timeoutMs / 4, timeoutMs - 200)))
}

const noop = () => {}
