import { expect, test } from 'vitest'
import { end, event, evidence, history, hold, key, set, topology, type Nested } from '../../test/support/history.ts'
import type { Event } from '../history/event.ts'
import type { Plan } from '../plan/scenario.ts'
import { falseContention } from './false-contention.ts'

const find = (kind: Plan['topology']['kind'], ...events: Nested[]) =>
  falseContention.check(evidence(kind, history(key('redis-1', 0, 'watched', ''), ...events, end(60_000))))

const refused = (from: number, at: number, op = 9): Event[] => [
  event(from, 'server-2/vu-1', 'invoke', 'acquire', op, 'stock:7', { ttlMs: 2700, waitMs: at - from }),
  event(at, 'server-2/vu-1', 'fail', 'acquire', op, 'stock:7', { error: 'contended' }),
]
const holder = hold({ op: 1, process: 'server-1/vu-1', at: 1000, until: 1500 })

test('refused while somebody held it', () => {
  expect(find('single', holder, refused(1100, 1400))).toEqual([])
  expect(find('single', holder, refused(900, 1501))).toEqual([])
})

test('refused while nobody held it', () => {
  const [finding] = find('single', holder, refused(1600, 1610))
  expect(finding).toMatchObject({ metric: 'false_contention', count: 1 })
  expect(finding!.message).toBe(
    '1 acquire was refused though nobody can have held the key; the first at 1.610 s: server-2/vu-1 asked for stock:7 at 1.600 s, and nobody had held it for the last 10 ms when it was refused',
  )
})

test('the touching moment: asked in the instant in which the release was answered', () => {
  expect(find('single', holder, refused(1501, 1502))).toMatchObject([{ count: 1 }])
  expect(find('single', holder, refused(1500.9, 1502))).toEqual([])
})

test('a waiter whom nobody woke', () => {
  expect(find('single', holder, refused(1100, 2400))).toEqual([])
  expect(find('single', holder, refused(1100, 2600))).toMatchObject([{ count: 1 }])
})

test('somebody may hold it: an acquire or a release that nobody knows of, a killed server', () => {
  const unknown = [
    event(999, 'server-1/vu-1', 'invoke', 'acquire', 1, 'stock:7', { ttlMs: 2700 }),
    event(1000, 'server-1/vu-1', 'info', 'acquire', 1, 'stock:7', { error: 'timeout' }),
  ]
  expect(find('single', unknown, refused(3000, 3100))).toEqual([])
  expect(find('single', unknown, refused(3900, 3910))).toMatchObject([{ count: 1 }])
  const open = [hold({ op: 1, process: 'server-1/vu-1', at: 1000 })]
  expect(find('single', open, refused(30_000, 30_010))).toEqual([])
  expect(find('single', open, topology(1100, 'down', 'server-1'), refused(3000, 3010))).toEqual([])
  expect(find('single', open, topology(1100, 'down', 'server-1'), refused(5000, 5010))).toMatchObject([{ count: 1 }])
  const released = [open, event(1500, 'server-1/vu-1', 'invoke', 'release', 2, 'stock:7', { grant: 1 })]
  expect(find('single', released, refused(30_000, 30_010))).toEqual([])
})

test('one that is just being granted is in nobody’s way only when it is over', () => {
  const coming = hold({ op: 1, process: 'server-1/vu-1', from: 1595, at: 1620, until: 1700 })
  expect(find('single', coming, refused(1600, 1610))).toEqual([])
})

test('an orphan on the node: counts, unless it may be of a call in doubt, or of a failover', () => {
  const orphan = set('redis-1', 1590, 'token-9')
  expect(find('single', holder, orphan, refused(1600, 1610))).toMatchObject([{ count: 1 }])
  const doubt = [
    event(10, 'server-1/vu-2', 'invoke', 'acquire', 3, 'stock:7', { ttlMs: 100 }),
    event(20, 'server-1/vu-2', 'info', 'acquire', 3, 'stock:7', { error: 'timeout' }),
  ]
  expect(find('single', doubt, refused(4600, 4610))).toMatchObject([{ count: 1 }])
  expect(find('single', doubt, set('redis-1', 4590, 'token-9'), refused(4600, 4610))).toEqual([])
  const change = topology(1550, 'switch-master', 'redis-2', { from: 'redis-1', to: 'redis-2' })
  const kept = set('redis-2', 1000, 'token-1')
  expect(find('sentinel', holder, change, kept, refused(1600, 1610))).toEqual([])
})

test('a quorum: partial votes are no lease', () => {
  const votes = [set('redis-1', 1599, 'token-8'), set('redis-2', 1599, 'token-9')]
  expect(find('redlock', holder, votes, refused(1600, 1610))).toMatchObject([{ count: 1 }])
})
