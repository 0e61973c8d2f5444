import { expect, test } from 'vitest'
import { event, history, hold } from '../../test/support/history.ts'
import { acquiresDuring } from './acquires.ts'

const during = (events: Parameters<typeof acquiresDuring>[0], fromMs: number, toMs: number) =>
  acquiresDuring(events, fromMs * 1e6, toMs * 1e6)

test('a call that waits for a dead node counts with its time, one that was answered before does not', () => {
  const events = history(
    hold({ op: 1, process: 'server-1/vu-1', from: 0, at: 100, until: 150 }),
    hold({ op: 2, process: 'server-1/vu-1', from: 200, at: 7200 }),
    event(300, 'server-2/vu-1', 'invoke', 'acquire', 3, 'stock:7', {}),
    event(5300, 'server-2/vu-1', 'fail', 'acquire', 3, 'stock:7', { error: 'contended' }),
    event(400, 'server-2/vu-2', 'invoke', 'acquire', 4, 'stock:7', {}),
    event(600, 'server-2/vu-2', 'fail', 'acquire', 4, 'stock:7', { error: 'unavailable: no quorum' }),
    event(400, 'server-2/vu-3', 'invoke', 'acquire', 5, 'stock:7', {}),
    event(650, 'server-2/vu-3', 'info', 'acquire', 5, 'stock:7', { error: 'timed out' }),
    event(450, 'server-2/vu-4', 'invoke', 'acquire', 6, 'stock:7', {}),
  )
  expect(during(events, 250, 1000)).toBe(
    'of 5 acquires under way then 1 granted, 1 refused as contended, 1 as unavailable, 1 without a certain outcome, 1 never answered; the slowest took 7 s',
  )
})

test('touching the window is not in it', () => {
  const events = history(hold({ op: 1, process: 'server-1/vu-1', from: 100, at: 200, until: 250 }))
  expect(during(events, 200, 300)).toBe('')
  expect(during(events, 0, 100)).toBe('')
  expect(during(events, 199, 300)).toBe('of 1 acquire under way then 1 granted; the slowest took 100 ms')
})
