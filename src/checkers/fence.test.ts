import { expect, test } from 'vitest'
import { history, hold, plan, topology } from '../../test/support/history.ts'
import { noDamage } from '../../test/support/damage.ts'
import type { Event } from '../history/event.ts'
import { fence } from './fence.ts'

const check = (...events: Event[][]) => fence.check({ plan: plan(), events: history(...events) })
const granted = (op: number, at: number, fence: string, from = at - 1) =>
  hold({ op, process: `server-${op}/vu-1`, at, from, until: at + 2, fence })

test('rising fences, at any size, and holds without one are fine', () => {
  expect(check(granted(1, 10, '9'), granted(2, 20, '10'), hold({ op: 3, process: 'server-1/vu-1', at: 25 }))).toEqual(
    [],
  )
  expect(check(granted(1, 10, '99999999999999999999'), granted(2, 20, '100000000000000000000'))).toEqual([])
})

test.each([
  ['lower', '10', '9'],
  ['equal', '10', '10'],
  ['equal beyond what a double can tell apart', '9007199254740993', '9007199254740993'],
  ['lower by one beyond that', '9007199254740993', '9007199254740992'],
])('%s is a violation', (_, first, second) => {
  const [finding] = check(granted(1, 10, first), granted(2, 20, second))
  expect(finding).toMatchObject({
    metric: 'fence_violations',
    count: 1,
    first: { key: 'stock:7', atMs: 20, ops: [1, 2] },
  })
  expect(finding!.message).toBe(
    `1 grant whose fence does not exceed an earlier one; the first at 0.020 s: server-2/vu-1 on stock:7 got ${second}, though server-1/vu-1 had been granted ${first} at 0.010 s, before that acquire began`,
  )
})

test('compared with the highest before, not with the last', () => {
  expect(check(granted(1, 10, '5'), granted(2, 20, '3'), granted(3, 30, '4'))[0]!.count).toBe(2)
})

test('a fence that goes back after a failover: each grant below the highest is one, until it is passed', () => {
  const before = ['40', '41', '42'].map((value, i) => granted(i + 1, 10 + i * 10, value))
  const after = ['7', '8', '43'].map((value, i) => granted(i + 4, 100 + i * 10, value))
  const change = topology(90, 'switch-master', 'redis-2', { from: 'redis-1', to: 'redis-2' })
  const [finding] = check(...before, [change], ...after)
  expect(finding).toMatchObject({ count: 2, first: { atMs: 100, ops: [3, 4] } })
})

test('of two acquires that overlapped either may come first', () => {
  expect(check(granted(1, 10, '5', 1), granted(2, 12, '4', 2))).toEqual([])
})

test('keys do not matter to each other', () => {
  const other = hold({ op: 2, process: 'server-1/vu-1', at: 20, until: 21, fence: '1', key: 'stock:8' })
  expect(check(granted(1, 10, '5'), other)).toEqual([])
})

test('what is no integer is a violation', () => {
  expect(check(granted(1, 10, '1.5'))[0]!.message).toContain('server-1/vu-1 on stock:7 got "1.5", which is no integer')
})

test('a lower fence that the ledger accepted counts too', () => {
  const damage = { ...noDamage, stale_writes_accepted: 2 }
  expect(fence.check({ plan: plan(), events: [], damage })).toMatchObject([
    {
      checker: 'fence',
      metric: 'fence_violations',
      count: 2,
      message: '2 stale writes accepted in the ledger: their fence is lower than one that it had seen',
    },
  ])
})
