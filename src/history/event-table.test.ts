import { expect, test } from 'vitest'
import type { Event } from './event.ts'
import { EventTable, tableOf } from './event-table.ts'

const call = { process: 'server-1/vu-1', op: 1, key: 'k' } as const
const events: Event[] = [
  { t: 1, process: 'controller', type: 'info', f: 'phase', phase: 'load' },
  { t: 2, ...call, type: 'invoke', f: 'acquire', ttlMs: 100, waitMs: 50 },
  { t: 3, ...call, type: 'ok', f: 'acquire', token: 'a', fence: '9007199254740993', validForMs: 99, lagNs: 5 },
  { t: 4, ...call, op: 2, type: 'fail', f: 'acquire', error: 'contended' },
  { t: 5, ...call, op: 3, type: 'invoke', f: 'extend', grant: 1, ttlMs: 100 },
  { t: 6, ...call, op: 4, type: 'ok', f: 'release', grant: 1 },
  { t: 7, ...call, op: 5, type: 'info', f: 'work', grant: 1, unsettled: true },
  { t: 8, ...call, op: 1, type: 'info', f: 'lost', grant: 1 },
  { t: 9, process: 'redis-1', type: 'info', f: 'key', event: 'set', key: 'k' },
]

test('gives back what was put in, as an array does', () => {
  const table = tableOf(events)
  expect([...table]).toStrictEqual(events)
  expect(table.length).toBe(events.length)
  for (const index of [0, 4, events.length - 1, -1, -3, events.length, -99])
    expect(table.at(index)).toStrictEqual(events.at(index))
  expect(table.fence(2)).toBe('9007199254740993')
  expect([table.validForMs(2), table.uncommon(2).lagNs, table.uncommon(1).ttlMs]).toEqual([99, 5, 100])
})

test('an array is put into columns once, a table is its own', () => {
  expect(tableOf(events)).toBe(tableOf(events))
  expect(tableOf(tableOf(events))).toBe(tableOf(events))
})

test('more than it has room for, in the order of time; what is of one moment keeps its order', () => {
  const table = new EventTable()
  const many = Array.from({ length: 5000 }, (_, index): Event => {
    const event = events[index % events.length]!
    return { ...event, t: (index * 7919) % 1000, ...('op' in event && { op: index }) } as Event
  })
  for (const event of many) table.add(event)
  table.sort()
  expect([...table]).toStrictEqual(many.toSorted((a, b) => a.t - b.t))
})
