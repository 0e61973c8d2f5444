import { expect, test } from 'vitest'
import { end, evidence, history, hold, key, set, type HoldOptions, type Nested } from '../../test/support/history.ts'
import { leaseDoubts } from './lease-doubts.ts'

const find = (...events: Nested[]) => leaseDoubts(evidence('single', history(...events, end(20_000))))

/** Ten grants, each of 1 s; `lease` gives the events of each on the node. */
const ten = (more: Partial<HoldOptions>, lease: (at: number, token: string) => Nested): Nested[] =>
  Array.from({ length: 10 }, (_, i) => {
    const at = 1000 + i * 1000
    return [
      hold({ op: i + 1, process: 'server-1/vu-1', at, until: at + 900, ...more }),
      lease(at - 0.5, `token-${i + 1}`),
      key('redis-1', at + 900.5, 'del'),
    ]
  })

test('leases as they were asked for, in whole seconds too, tell no doubts', () => {
  expect(find(ten({}, (at, token) => set('redis-1', at, token)))).toEqual([])
  expect(find(ten({}, (at, token) => set('redis-1', at, token, 3000)))).toEqual([])
  expect(find(ten({ validForMs: 2600 }, (at, token) => set('redis-1', at, token)))).toEqual([])
})

test('a lock that ignores the TTL', () => {
  expect(find(ten({}, (at, token) => set('redis-1', at, token, 60_000)))).toEqual([
    'the keys of 10 of 10 grants that were looked at lived for 60 s and the like, though 2.7 s were asked for: what happens at the end of a lease, and after a crash, this drill could not see',
  ])
})

test('a lock without a TTL, and one that gives it by a second command', () => {
  const bare = (at: number, token: string) => [
    key('redis-1', at, 'set'),
    key('redis-1', at + 0.1, 'sample', 'stock:7', { value: token, pttlMs: -1 }),
  ]
  expect(find(ten({}, bare))[0]).toContain('had no time to live, though 2.7 s were asked for')
  const leased = (at: number, token: string) => [
    bare(at, token),
    key('redis-1', at + 0.2, 'expire'),
    key('redis-1', at + 0.3, 'sample', 'stock:7', { value: token, pttlMs: 2700 }),
  ]
  expect(find(ten({}, leased))).toEqual([])
})

test('a claim in seconds, or below zero, while the work goes on', () => {
  for (const validForMs of [2.7, 0, -5]) {
    const [doubt] = find(ten({ validForMs }, (at, token) => set('redis-1', at, token)))
    expect(doubt).toContain('10 of 10 grants that were looked at claimed to be valid for')
  }
})

test('a claim that is honest about a lease that is nearly over', () => {
  const late = { from: 100, validForMs: 80 }
  expect(find(ten(late, (at, token) => set('redis-1', at, token, 110)))).toEqual([])
})

test('a lease that a watchdog renews is as long as it was given for', () => {
  const renewed = ten({ ttlMs: 300 }, (at, token) =>
    [0, 200, 400, 600, 800].map((later) => set('redis-1', at + later, token, 300)),
  )
  expect(find(renewed)).toEqual([])
})
