import { sentBy } from '../lib/sent.ts'
import { within } from '../lib/within.ts'
import type { Redis } from 'ioredis'
import { commandsBetween, type Commands } from './commands.ts'
import type { Observer } from './observer.ts'
import type { Observation } from './recorder.ts'

/** A node that stands still keeps an observer's question for ever. */
const answerMs = 5_000
/** For a look at all keys of a node, one after the other. */
const auditMs = 20_000

interface Moment {
  commands: Commands
  observer: Record<string, number>
  admin: Record<string, number>
}

/**
 * How many commands these nodes carry out for the lock: counts from now on; `stop` records the sum of each node, if they are the same still. Nothing is
 * recorded where one of them cannot be told (it was restarted, it does not answer): half a sum is worse than none.
 */
export async function countCommands(
  observers: readonly Observer[],
  admin: (node: string) => Redis,
): Promise<{ stop(now: readonly Observer[], record: (event: Observation) => void): Promise<void> }> {
  const look = (observer: Observer): Promise<Moment | undefined> =>
    within(answerMs, `the counters of ${observer.node}`, observer.commands())
      .then((commands) => ({ commands, observer: observer.sent(), admin: sentBy(admin(observer.node)) }))
      .catch(() => undefined)
  const before = await Promise.all(observers.map(look))
  return {
    async stop(now, record) {
      // Another primary: what it did before it was one cannot be told.
      if (now.length !== observers.length || now.some((observer) => !observers.includes(observer))) return
      const after = await Promise.all(observers.map(look))
      const sums = observers.map((_, index) => {
        const [first, last] = [before[index], after[index]]
        if (first === undefined || last === undefined) return undefined
        return commandsBetween(first.commands, last.commands, [
          { before: first.observer, after: last.observer },
          { before: first.admin, after: last.admin },
        ])
      })
      if (sums.includes(undefined)) return
      for (const [index, { node }] of observers.entries())
        record({ process: node, type: 'info', f: 'count', counts: { commands: sums[index]! } })
    },
  }
}

/** Looks at what is left on the nodes, and says of which nodes it could not. */
export async function auditNodes(observers: readonly Observer[], bookkeeping: readonly string[]): Promise<string[]> {
  const notes = observers.map((observer) =>
    within(auditMs, 'the look at all keys', observer.audit(bookkeeping)).then(
      () => undefined,
      (error: Error) => `what was left on ${observer.node} could not be looked at: ${error.message}`,
    ),
  )
  return (await Promise.all(notes)).filter((note) => note !== undefined)
}
