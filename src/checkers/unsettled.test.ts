import { expect, test } from 'vitest'
import { event, evidence, history, hold } from '../../test/support/history.ts'
import { unsettled } from './unsettled.ts'

test('counts the calls that never answered', () => {
  const events = history(
    event(10, 'server-1/vu-1', 'invoke', 'acquire', 1, 'stock:7', {}),
    event(15_010, 'server-1/vu-1', 'info', 'acquire', 1, 'stock:7', { unsettled: true, error: 'no answer' }),
    hold({ op: 2, process: 'server-1/vu-2', at: 20 }),
    event(30, 'server-1/vu-2', 'invoke', 'release', 3, 'stock:7', { grant: 2 }),
    event(20_030, 'server-1/vu-2', 'info', 'release', 3, 'stock:7', { grant: 2, unsettled: true }),
  )
  expect(unsettled.check(evidence('single', events))).toEqual([
    {
      checker: 'unsettled',
      metric: 'unsettled',
      count: 2,
      message:
        '2 calls never answered (1 acquire, 1 release); the first was acquire of stock:7 by server-1/vu-1, given up at 15.010 s',
      first: { key: 'stock:7', atMs: 15_010, ops: [1] },
    },
  ])
})

test('an answer that nobody understands is settled', () => {
  const events = history(event(10, 'server-1/vu-1', 'info', 'acquire', 1, 'stock:7', { error: 'ECONNRESET' }))
  expect(unsettled.check(evidence('single', events))).toEqual([])
})
