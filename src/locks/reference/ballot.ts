import { isDefinite } from '../definite.ts'
import type { LockNode } from './node.ts'

/** A node's answer: yes, no, definitely nothing done, or nobody knows. */
type Cast<Answer> = { vote: 'yes' | 'no'; answer: Answer } | { vote: 'refused' | 'doubt'; error: Error }

export interface Ballot<Answer> {
  /** As soon as a majority said yes, or cannot any more. */
  won: Promise<boolean>
  /** Every vote, in the nodes' order; bounded, because every call to a node is. */
  all: Promise<Cast<Answer>[]>
  outcome(): Promise<Outcome<Answer>>
}

export interface Outcome<Answer> {
  noes: number
  refusals: number
  /** Of those that said yes or no. */
  answers: Answer[]
  /** What the others said. */
  errors: Error[]
}

/** Asks all nodes at once. */
export function hold<Answer>(
  nodes: LockNode[],
  majority: number,
  ask: (node: LockNode, index: number) => Promise<Answer>,
  isYes: (answer: Answer) => boolean,
): Ballot<Answer> {
  let yes = 0
  let other = 0
  const { promise: won, resolve } = Promise.withResolvers<boolean>()
  const all = Promise.all(
    nodes.map(async (node, index) => {
      const cast = await castOf(ask(node, index), isYes)
      if (cast.vote === 'yes') yes++
      else other++
      if (yes >= majority) resolve(true)
      else if (nodes.length - other < majority) resolve(false)
      return cast
    }),
  )
  return {
    won,
    all,
    async outcome() {
      const votes = await all
      const count = (kind: Cast<Answer>['vote']) => votes.filter(({ vote }) => vote === kind).length
      return {
        noes: count('no'),
        refusals: count('refused'),
        answers: votes.flatMap((cast) => ('answer' in cast ? [cast.answer] : [])),
        errors: votes.flatMap((cast) => ('error' in cast ? [cast.error] : [])),
      }
    },
  }
}

/** A fresh error, without the mark that one node's definite refusal carries: a refusal by one is no proof for all. */
export function undecided({ errors }: Outcome<unknown>): Error {
  const messages = [...new Set(errors.map(({ message }) => message))]
  return new Error(messages.length > 0 ? `no majority: ${messages.join('; ')}` : 'no majority in time')
}

async function castOf<Answer>(reply: Promise<Answer>, isYes: (answer: Answer) => boolean): Promise<Cast<Answer>> {
  try {
    const answer = await reply
    return { vote: isYes(answer) ? 'yes' : 'no', answer }
  } catch (reason) {
    const error = reason instanceof Error ? reason : new Error(String(reason))
    return { vote: isDefinite(error) ? 'refused' : 'doubt', error }
  }
}
