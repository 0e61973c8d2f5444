import { tableOf } from '../history/event-table.ts'
import type { Checker } from './checker.ts'
import { plural } from './damage.ts'
import { holdsOf } from './holds.ts'
import { seconds } from './words.ts'

export const unsettled = {
  name: 'unsettled',
  title: 'Calls to the lock that never answered: their deadline passed',
  metrics: ['unsettled'],
  check({ events }) {
    const table = tableOf(events)
    const found = holdsOf(events).unsettled.map((at) => table.operation(at))
    const [first] = found
    if (!first) return []
    const byCall = Map.groupBy(found, (event) => event.f)
    const calls = [...byCall].map(([f, of]) => `${of.length} ${f}`).join(', ')
    return [
      {
        checker: 'unsettled',
        metric: 'unsettled',
        count: found.length,
        message: `${plural(found.length, 'call')} never answered (${calls}); the first was ${first.f} of ${first.key} by ${first.process}, given up at ${seconds(first.t)}`,
        first: { key: first.key, atMs: first.t / 1e6, ops: [first.op] },
      },
    ]
  },
} satisfies Checker
