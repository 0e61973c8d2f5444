import { expect, test } from 'vitest'
import { end, event, extend, history, hold, topology } from '../../test/support/history.ts'
import type { Event } from '../history/event.ts'
import { grantsOf, holdsDuring, holdsOf, overlappingPairs } from './holds.ts'

/** The beliefs of a history in ms, in the order of their starts. */
const beliefs = (events: Event[]) => {
  const { size, startNs, endNs } = holdsOf(events)
  return Array.from({ length: size }, (_, i) => [startNs[i]! / 1e6, endNs[i]! / 1e6])
}

const pairs = (events: Event[]) => {
  const holds = holdsOf(events)
  const found: string[] = []
  overlappingPairs(holds, (a, b) => {
    const [first, second] = [a, b].map((i) => events[holds.okAt[i]!]!).map((ok) => 'op' in ok && ok.op)
    found.push(`${first}-${second}`)
  })
  return found
}

const a = { op: 1, process: 'server-1/vu-1' }
const b = { op: 2, process: 'server-2/vu-1' }

test.each([
  ['its release is invoked', history(hold({ ...a, at: 10, until: 20 }), end(100)), 20],
  ['its validity ends', history(hold({ ...a, at: 10, until: 90, validForMs: 30 }), end(100)), 40],
  ['the drill ends', history(hold({ ...a, at: 10 }), end(100)), 100],
  [
    'its lost signal fires',
    history(
      hold({ ...a, at: 10, until: 90 }),
      event(50, a.process, 'info', 'lost', 1, 'stock:7', { grant: 1 }),
      end(100),
    ),
    50,
  ],
  [
    'its server dies, from whose last turn nothing is known',
    history(
      hold({ ...a, at: 10 }),
      event(40, 'server-1/vu-9', 'invoke', 'acquire', 5, 'stock:8', {}),
      event(50, 'server-11/vu-1', 'invoke', 'acquire', 6, 'stock:8', {}),
      topology(60, 'down', 'server-1'),
      end(100),
    ),
    40,
  ],
  [
    'an extension is refused as lost',
    history(
      hold({ ...a, at: 10, until: 90 }),
      event(30, a.process, 'invoke', 'extend', 5, 'stock:7', { grant: 1 }),
      event(31, a.process, 'fail', 'extend', 5, 'stock:7', { grant: 1, error: 'lost' }),
      end(100),
    ),
    31,
  ],
])('belief ends when %s', (_, events, until) => {
  expect(beliefs(events)).toEqual([[10, until]])
})

test.each([
  [
    'the death of another server',
    history(hold({ ...a, at: 10, until: 90 }), topology(60, 'down', 'server-2'), topology(61, 'down', 'redis-1')),
  ],
  ['a death before it began', history(topology(5, 'down', 'server-1'), hold({ ...a, at: 10, until: 90 }))],
  [
    'an extension that was unavailable',
    history(
      hold({ ...a, at: 10, until: 90 }),
      event(31, a.process, 'fail', 'extend', 5, 'stock:7', { grant: 1, error: 'unavailable: OOM' }),
    ),
  ],
  [
    'a release that nobody knows of',
    history(
      hold({ ...a, at: 10 }),
      event(90, a.process, 'invoke', 'release', 5, 'stock:7', { grant: 1 }),
      event(95, a.process, 'info', 'release', 5, 'stock:7', { grant: 1 }),
    ),
  ],
])('belief does not end with %s', (_, events) => {
  expect(beliefs(events)).toEqual([[10, 90]])
})

test('an acquire that failed, or whose outcome nobody knows, gives no belief', () => {
  const events = history(
    event(1, a.process, 'invoke', 'acquire', 1, 'stock:7', { ttlMs: 100 }),
    event(2, a.process, 'info', 'acquire', 1, 'stock:7', { error: 'timeout' }),
    event(3, b.process, 'invoke', 'acquire', 2, 'stock:7', { ttlMs: 100 }),
    event(4, b.process, 'fail', 'acquire', 2, 'stock:7', { error: 'contended' }),
  )
  expect(beliefs(events)).toEqual([])
  expect(grantsOf(holdsOf(events))).toBe(0)
})

test('an extension replaces the end of the validity, and without validForMs takes it away', () => {
  const one = history(
    hold({ ...a, at: 10, validForMs: 30 }),
    extend(a.process, 5, 1, 20, 25, { validForMs: 40 }),
    end(100),
  )
  expect(beliefs(one)).toEqual([[10, 65]])
  const open = history(hold({ ...a, at: 10, validForMs: 30 }), extend(a.process, 5, 1, 20, 25), end(100))
  expect(beliefs(open)).toEqual([[10, 100]])
})

test('an extension that came late begins a second belief of the same grant, or spans the gap', () => {
  const events = history(
    hold({ ...a, at: 10, until: 90, validForMs: 30 }),
    extend(a.process, 5, 1, 30, 50, { validForMs: 30 }),
    end(100),
  )
  expect(beliefs(events)).toEqual([
    [10, 40],
    [50, 80],
  ])
  expect(grantsOf(holdsOf(events))).toBe(1)
  // Asked for when it had ended already: the answer says that nothing was lost in between.
  const gap = history(
    hold({ ...a, at: 10, until: 90, validForMs: 30 }),
    extend(a.process, 5, 1, 45, 50, { validForMs: 30 }),
    hold({ ...b, at: 42, until: 46 }),
    end(100),
  )
  expect(beliefs(gap)).toEqual([
    [10, 80],
    [42, 46],
  ])
  expect(pairs(gap)).toEqual(['1-2'])
  const released = history(
    hold({ ...a, at: 10, until: 20, validForMs: 30 }),
    extend(a.process, 5, 1, 15, 50, { validForMs: 30 }),
  )
  expect(beliefs(released)).toEqual([[10, 20]])
})

test('overlaps: touching intervals do not, nested and equal ones do, other keys never', () => {
  expect(pairs(history(hold({ ...a, at: 10, until: 20 }), hold({ ...b, at: 20, until: 30 })))).toEqual([])
  expect(pairs(history(hold({ ...a, at: 10, until: 40 }), hold({ ...b, at: 20, until: 30 })))).toEqual(['1-2'])
  expect(pairs(history(hold({ ...a, at: 10, until: 40 }), hold({ ...b, at: 10, until: 40 })))).toEqual(['1-2'])
  expect(pairs(history(hold({ ...a, at: 10, until: 40 }), hold({ ...b, at: 20, until: 30, key: 'stock:8' })))).toEqual(
    [],
  )
})

test('every pair is counted, and once', () => {
  const three = [1, 2, 3].map((op) => hold({ op, process: `server-${op}/vu-1`, at: 10 + op, until: 50 + op }))
  expect(pairs(history(...three))).toEqual(['1-2', '1-3', '2-3'])
  const resumed = history(
    hold({ ...a, at: 10, until: 90, validForMs: 30 }),
    extend(a.process, 5, 1, 30, 50, { validForMs: 30 }),
    hold({ ...b, at: 20, until: 70 }),
  )
  expect(pairs(resumed)).toEqual(['1-2'])
})

test('a grant that claims no validity at all is no hold to overlap with', () => {
  expect(
    pairs(history(hold({ ...a, at: 10, until: 40, validForMs: -156 }), hold({ ...b, at: 20, until: 30 }))),
  ).toEqual([])
})

test('an overlap that is shorter than the pipe lagged is none', () => {
  const lagging = (lagNs: number) =>
    pairs(history(hold({ ...a, at: 10, until: 25, lagNs }), hold({ ...b, at: 20, until: 40 })))
  expect(lagging(5e6)).toEqual([])
  expect(lagging(4e6)).toEqual(['1-2'])
})

test('a claim ends as early as the lock may have reckoned it; what ends by a release is believed in until then', () => {
  const claiming = (claimLagNs: number, until: number) =>
    pairs(history(hold({ ...a, at: 10, until, validForMs: 40, claimLagNs }), hold({ ...b, at: 45, until: 60 })))
  expect(claiming(4e6, 80)).toEqual(['1-2'])
  expect(claiming(5e6, 80)).toEqual([])
  const released = (claimLagNs: number) =>
    pairs(history(hold({ ...a, at: 10, until: 30, validForMs: 400, claimLagNs }), hold({ ...b, at: 15, until: 40 })))
  expect(released(250e6)).toEqual(['1-2'])
})

test('the lag of an extension that came late is that of the belief which it begins', () => {
  const events = (lagNs: number) =>
    history(
      hold({ ...a, at: 10, validForMs: 20 }),
      extend(a.process, 5, 1, 25, 50, { validForMs: 30, lagNs }),
      hold({ ...b, at: 75, until: 90 }),
      end(100),
    )
  expect(pairs(events(4e6))).toEqual(['1-2'])
  expect(pairs(events(5e6))).toEqual([])
})

test('pairs are found when a history is not quite in order', () => {
  const events = [...hold({ ...b, at: 20, until: 30 }), ...hold({ ...a, at: 10, until: 40 })]
  expect(pairs(events)).toEqual(['1-2'])
})

test('holds during a window', () => {
  const holds = holdsOf(history(hold({ ...a, at: 10, until: 20 }), hold({ ...b, at: 30, until: 40 }), end(100)))
  expect(holdsDuring(holds, 20e6, 30e6)).toBe(0)
  expect(holdsDuring(holds, 15e6, 35e6)).toBe(2)
})

test('a hold with which a server was killed is a hold during that', () => {
  const holds = holdsOf(
    history(hold({ ...a, at: 10 }), hold({ ...b, at: 12, until: 14 }), topology(30, 'down', 'server-1'), end(100)),
  )
  expect(holdsDuring(holds, 31e6, 60e6)).toBe(0)
  expect(holdsDuring(holds, 31e6, 60e6, 20e6)).toBe(1)
  expect(holdsDuring(holds, 31e6, 60e6, 31e6)).toBe(0)
  expect(holdsDuring(holds, 5e6, 60e6, 5e6)).toBe(2)
})
