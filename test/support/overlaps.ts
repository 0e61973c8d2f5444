import { exclusion } from '../../src/checkers/exclusion.ts'
import type { Event } from '../../src/history/event.ts'
import type { Plan } from '../../src/plan/scenario.ts'
import { end, evidence, history, hold, key, topology, type HoldOptions } from './history.ts'

/** What the checker says of a literal history: `story` is what became of the first holder's key. */
export const find = (kind: Plan['topology']['kind'], ...events: (Event | Event[])[]) =>
  exclusion.check(evidence(kind, history(...events, end(20_000)))).map(({ blame, count, message }) => ({
    blame,
    count,
    story: message.slice(message.indexOf('granted it too; ') + 'granted it too; '.length),
    message,
  }))

/** The first holder: server-1, from 1000 to 9000. */
export const a = (more: Partial<HoldOptions> = {}) =>
  hold({ op: 1, process: 'server-1/vu-1', at: 1000, until: 9000, ...more })

/** The second one: server-2, for 500 ms. */
export const b = (at: number, more: Partial<HoldOptions> = {}) =>
  hold({ op: 2, process: 'server-2/vu-1', at, until: at + 500, ...more })

/** A node that dies and comes back; what it has then, its samples tell. */
export function restart(from: number, to: number, node = 'redis-1'): Event[] {
  return [
    key(node, from, 'gap', ''),
    topology(from, 'down', node),
    topology(to, 'up', node),
    key(node, to, 'resync', '', { value: 'restarted' }),
  ]
}
