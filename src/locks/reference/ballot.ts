import { isDefinite } from '../definite.ts'
import type { LockNode } from './node.ts'

/** A node's answer: yes, no, definitely nothing done, or nobody knows. */
export type Vote = { vote: 'yes' | 'no' } | { vote: 'refused' | 'doubt'; error: Error }

export interface Ballot {
  /** As soon as a majority said yes, or cannot any more. */
  won: Promise<boolean>
  /** Every vote, in the nodes' order; bounded, because every call to a node is. */
  all: Promise<Vote[]>
  outcome(): Promise<Outcome>
}

export interface Outcome {
  noes: number
  refusals: number
  /** Nodes that said yes or no. */
  reachable: number
  /** What the others said. */
  errors: Error[]
}

/** Asks all nodes at once. */
export function hold(nodes: LockNode[], majority: number, ask: (node: LockNode) => Promise<boolean>): Ballot {
  let yes = 0
  let other = 0
  const { promise: won, resolve } = Promise.withResolvers<boolean>()
  const all = Promise.all(
    nodes.map(async (node) => {
      const vote = await voteOf(ask(node))
      if (vote.vote === 'yes') yes++
      else other++
      if (yes >= majority) resolve(true)
      else if (nodes.length - other < majority) resolve(false)
      return vote
    }),
  )
  return {
    won,
    all,
    async outcome() {
      const votes = await all
      const count = (kind: Vote['vote']) => votes.filter(({ vote }) => vote === kind).length
      const refusals = count('refused')
      return {
        noes: count('no'),
        refusals,
        reachable: count('yes') + count('no'),
        errors: votes.flatMap((vote) => ('error' in vote ? [vote.error] : [])),
      }
    },
  }
}

/** A fresh error, without the mark that one node's definite refusal carries: a refusal by one is no proof for all. */
export function undecided({ errors }: Outcome): Error {
  const messages = [...new Set(errors.map(({ message }) => message))]
  return new Error(messages.length > 0 ? `no majority: ${messages.join('; ')}` : 'no majority in time')
}

async function voteOf(answer: Promise<boolean>): Promise<Vote> {
  try {
    return { vote: (await answer) ? 'yes' : 'no' }
  } catch (reason) {
    const error = reason instanceof Error ? reason : new Error(String(reason))
    return { vote: isDefinite(error) ? 'refused' : 'doubt', error }
  }
}
