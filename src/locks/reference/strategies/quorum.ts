import { definite, isDefinite } from '../../definite.ts'
import { type Ballot, hold, undecided } from '../ballot.ts'
import { cleaner } from '../cleaner.ts'
import { validUntil } from '../lease.ts'
import { lockNode, type NodeOptions, type Vote } from '../node.ts'
import type { Busy, Strategy, Taken } from '../strategy.ts'
import { turnsOf } from '../turns.ts'

export interface QuorumOptions extends Pick<NodeOptions, 'process' | 'timeoutMs' | 'restartGuardMs'> {
  connects: NodeOptions['connect'][]
}

const splitMinMs = 10
const splitMaxMs = 200

/**
 * Independent nodes, by the published algorithm: all are asked at once, each has a small part of the TTL to answer, and the lease
 * stands if a majority agreed and some of it is left, counted from before the first request. After a failure all nodes are freed, also
 * those that did not answer, and the next round comes after a random delay. It gives no fence: random tokens
 * cannot order writes. https://redis.io/docs/latest/develop/use/patterns/distributed-locks/#the-redlock-algorithm
 */
export function quorum(options: QuorumOptions): Strategy {
  const nodes = options.connects.map((connect) => lockNode({ ...options, connect, fenced: false }))
  const majority = Math.floor(nodes.length / 2) + 1
  const cleaning = cleaner()

  const cleanUp = (key: string, token: string, untilMs: number) => {
    for (const node of nodes) cleaning.clean(untilMs, () => node.release(key, token))
  }

  /** Frees every node that may have it, standing in line there again, and says on how many it may still be. */
  async function undo(key: string, token: string, ballot: Ballot<Vote>, untilMs: number): Promise<number> {
    const votes = await ballot.all
    const left = await Promise.all(
      nodes.map(async (node, index) => {
        const { vote } = votes[index]!
        if (vote === 'refused' || vote === 'no') return false
        try {
          await node.release(key, token, true)
          return vote === 'doubt'
        } catch {
          cleaning.clean(untilMs, () => node.release(key, token))
          return true
        }
      }),
    )
    return left.filter(Boolean).length
  }

  async function decide(key: string, token: string, ttlMs: number, ballot: Ballot<Vote>, sentAtMs: number) {
    const validUntilMs = validUntil(sentAtMs, ttlMs)
    if ((await ballot.won) && validUntilMs > performance.now()) return { taken: true, validUntilMs } satisfies Taken
    const left = await undo(key, token, ballot, sentAtMs + ttlMs)
    const outcome = await ballot.outcome()
    if (left >= majority) throw undecided(outcome)
    if (outcome.answers.length < majority) throw left === 0 ? definite(undecided(outcome)) : undecided(outcome)
    return { ...busy(outcome.answers, performance.now() - sentAtMs), spent: left > 0 }
  }

  /**
   * How long to wait at most: until so many of the others' keys have run out that a majority is free. Where some nodes were ours, the vote
   * was split, and the next round comes after a random time of several rounds' length, so that the callers end up apart.
   */
  function busy(votes: Vote[], tookMs: number): Busy {
    const holds = votes.flatMap((vote) => (vote.taken ? [] : [vote])).toSorted((a, b) => a.heldForMs - b.heldForMs)
    const ours = votes.length - holds.length
    const splitMs = Math.random() * Math.min(splitMaxMs, Math.max(splitMinMs, 4 * tookMs))
    const heldForMs = ours > 0 ? splitMs : (holds[majority - 1]?.heldForMs ?? splitMs)
    return { taken: false, heldForMs, inLine: holds.some(({ inLine }) => inLine) }
  }

  async function agreed(ballot: Ballot<boolean>): Promise<boolean> {
    if (await ballot.won) return true
    const outcome = await ballot.outcome()
    if (outcome.noes >= majority) return false
    throw outcome.refusals === nodes.length ? definite(undecided(outcome)) : undecided(outcome)
  }

  return {
    name: 'quorum',
    reusesTokens: false,
    tryAcquire(key, token, ttlMs, line) {
      const sentAtMs = performance.now()
      const ballot = hold(nodes, majority, (node) => node.acquire(key, token, ttlMs, line), isTaken)
      return decide(key, token, ttlMs, ballot, sentAtMs)
    },
    async handOver(key, token, next, yields) {
      const sentAtMs = performance.now()
      const answers = nodes.map((node) => node.handOver(key, token, next, yields))
      const releases = hold(nodes, majority, async (_node, index) => (await answers[index]!).released, Boolean)
      const ballot = hold(nodes, majority, async (_node, index) => (await answers[index]!).next, isTaken)
      for (const [index, node] of nodes.entries()) {
        answers[index]!.catch(() => cleaning.clean(sentAtMs + next.ttlMs, () => node.release(key, token)))
      }
      const [released, taken] = await Promise.allSettled([
        agreed(releases),
        decide(key, next.token, next.ttlMs, ballot, sentAtMs),
      ])
      if (taken.status === 'rejected') throw taken.reason
      if (released.status === 'fulfilled') return { released: released.value, next: taken.value }
      // What a majority gave to the next one is no longer the last one's, whatever the rest says.
      if (taken.value.taken) return { released: true, next: taken.value }
      throw isDefinite(released.reason)
        ? new Error('the release was refused', { cause: released.reason })
        : released.reason
    },
    async release(key, token) {
      const ballot = hold(nodes, majority, (node) => node.release(key, token), Boolean)
      return agreed(ballot)
    },
    async extend(key, token, ttlMs) {
      const sentAtMs = performance.now()
      const ballot = hold(nodes, majority, (node) => node.extend(key, token, ttlMs), Boolean)
      const validUntilMs = validUntil(sentAtMs, ttlMs)
      if (!(await agreed(ballot))) return false
      if (validUntilMs <= performance.now()) throw new Error('the nodes agreed too late')
      return { validUntilMs }
    },
    async pass(key) {
      await Promise.allSettled(nodes.map((node) => node.release(key, '')))
    },
    cleanUp,
    onTurn(turn) {
      const turns = turnsOf(majority, turn)
      for (const [index, node] of nodes.entries()) node.onTurn((key) => turns.told(index, key))
    },
    ready: Promise.all(nodes.map((node) => node.ready)).then(() => {}),
    async close() {
      await cleaning.close()
      for (const node of nodes) node.close()
    },
  }
}

const isTaken = ({ taken }: Vote) => taken
