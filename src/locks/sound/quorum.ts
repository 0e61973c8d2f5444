import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { attempt, definite, isDefinite } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { openClient, takeBack } from './client.ts'
import { isWorthIt, validFor, Validity } from './validity.ts'
import { jittered, until } from './waiting.ts'

/** A node that has not answered by then has not voted; small beside the lease, as the algorithm asks for. */
const voteMs = (ttlMs: number) => Math.max(50, Math.min(300, ttlMs / 8))
const pollMs = 12
const extendIfMine = luaScript(import.meta.url, 'extend.lua')
const releaseIfMine = luaScript(import.meta.url, '../release.lua')

interface QuorumHeld extends Held {
  validForMs: number
  lost: AbortSignal
  validity: Validity
}

/**
 * Redlock by the published algorithm: all nodes at once, a majority of `OK` within the validity, which is the lease less the time that asking took
 * and a drift; everything is given back where that fails, and a random while is waited before the next try.
 * It relies on what the page says it relies on: a node that forgets its data stays away for longer than the longest lease.
 * https://redis.io/docs/latest/develop/use/patterns/distributed-locks/#the-redlock-algorithm
 */
export default {
  name: 'quorum',
  topologies: ['redlock'],
  capabilities: { extend: true },
  async open(env) {
    const nodes = await Promise.all(Array.from({ length: env.size }, (_, node) => openClient(env, node)))
    const majority = Math.floor(nodes.length / 2) + 1

    /** The answers of all nodes; an Error is one, and silence is an Error after `voteMs`. */
    const ask = (send: (node: (typeof nodes)[number]) => Promise<unknown>, ttlMs: number) =>
      Promise.all(
        nodes.map((node) =>
          Promise.race([
            attempt(node, () => send(node)).catch((error: Error) => error),
            sleep(voteMs(ttlMs), new Error('no vote in time'), { ref: false }),
          ]),
        ),
      )
    const giveBack = ({ key, token }: Held, ttlMs: number) => {
      for (const node of nodes) void takeBack(() => releaseIfMine(node, [key], token), ttlMs)
    }

    return {
      acquire(key, { ttlMs, waitMs, signal }) {
        const once = async (): Promise<QuorumHeld | null> => {
          const held = { key, token: randomUUID() }
          const askedMs = performance.now()
          const votes = await ask((node) => node.set(key, held.token, 'PX', ttlMs, 'NX'), ttlMs)
          const validForMs = validFor(ttlMs, askedMs)
          if (votes.filter((vote) => vote === 'OK').length >= majority && isWorthIt(validForMs, ttlMs)) {
            const validity = new Validity(validForMs)
            return { ...held, validForMs, lost: validity.lost, validity }
          }
          giveBack(held, ttlMs)
          const failures = votes.filter((vote): vote is Error => vote instanceof Error)
          // A majority answered: somebody else has it, or each has some of it.
          if (nodes.length - failures.length >= majority) return null
          const why = new Error(`no quorum: ${failures.map(({ message }) => message).join('; ')}`)
          // Two that refused cannot make a majority, whatever the others did.
          throw failures.filter(isDefinite).length >= majority ? definite(why) : why
        }
        return until({ waitMs, signal }, once, jittered(pollMs, signal))
      },
      async release({ key, token, validity }: QuorumHeld) {
        validity.end()
        const answers = await ask((node) => releaseIfMine(node, [key], token), 10_000)
        if (answers.some((answer) => answer instanceof Error)) giveBack({ key, token }, 10_000)
        return answers.filter((answer) => answer === 1).length >= majority
      },
      async extend({ key, token, validity }: QuorumHeld, ttlMs) {
        const askedMs = performance.now()
        const answers = await ask((node) => extendIfMine(node, [key], token, ttlMs), ttlMs)
        const validForMs = validFor(ttlMs, askedMs)
        if (answers.filter((answer) => answer === 1).length < majority || validForMs <= 0) return false
        if (validity.lost.aborted) return false
        validity.prolong(validForMs)
        return { validForMs }
      },
    }
  },
} satisfies Lock
