import { expect, test } from 'vitest'
import {
  end,
  evidence,
  extend,
  fault,
  history,
  hold,
  key,
  set,
  topology,
  type Nested,
} from '../../test/support/history.ts'
import type { Plan } from '../plan/scenario.ts'
import { overclaims } from './overclaims.ts'

const find = (kind: Plan['topology']['kind'], ...events: Nested[]) =>
  overclaims.check(evidence(kind, history(...events, end(20_000))))

/** Its key is set at 999.5 and sampled at 999.7 with 2700 ms to live: its lease ends at 3699.7. */
const claim = (validForMs: number, more = {}) =>
  hold({ op: 1, process: 'server-1/vu-1', at: 1000, until: 1500, validForMs, ...more })
const lease = set('redis-1', 999.5, 'token-1')

test('a claim within its lease, and a little past it', () => {
  expect(find('single', claim(2670), lease)).toEqual([])
  expect(find('single', claim(2699.7 + 249), lease)).toEqual([])
})

test('one that a machine without a turn explains, and two that it does not', () => {
  const late = (op: number, at: number) => [
    hold({ op, process: 'server-1/vu-1', at, until: at + 100, validForMs: 2699.7 + 300 }),
    set('redis-1', at - 0.5, `token-${op}`),
    key('redis-1', at + 100.5, 'del'),
  ]
  expect(find('single', late(1, 1000))).toEqual([])
  expect(find('single', late(1, 1000), late(11, 5000))).toMatchObject([{ count: 2 }])
})

test('claims of one moment are one accident of the machine, an extension’s too', () => {
  const extended = [
    hold({ op: 1, process: 'server-1/vu-1', at: 1000, until: 4000, validForMs: 2600 }),
    lease,
    extend('server-1/vu-1', 5, 1, 2600, 3000, { validForMs: 2699.7 + 340 }),
    key('redis-1', 2999.5, 'expire'),
    key('redis-1', 2999.7, 'sample', 'stock:7', { value: 'token-1', pttlMs: 2700 }),
  ]
  const granted = (at: number) => [
    hold({ op: 2, process: 'server-1/vu-2', key: 'stock:8', at, until: 4500, validForMs: 2699.7 + 340 }),
    set('redis-1', at - 0.5, 'token-2', 2700, 'stock:8'),
  ]
  expect(find('single', extended, granted(3001))).toEqual([])
  expect(find('single', extended, granted(3400))).toMatchObject([{ count: 2 }])
})

test('a claim past its lease', () => {
  const [finding] = find('single', claim(5000), lease)
  expect(finding).toMatchObject({ metric: 'overclaims', count: 1, first: { ops: [1] } })
  expect(finding!.message).toBe(
    '1 grant claimed to be valid past the end of their key, by up to 2.3 s; the first at 1.000 s: server-1 was told that it holds stock:7 until 6.000 s, and the lease on the node ended at 3.700 s',
  )
})

test('a reply that came when the lease was over', () => {
  const late = hold({ op: 1, process: 'server-1/vu-1', from: 990, at: 4000, until: 4100, validForMs: 2600 })
  expect(find('single', late, lease, key('redis-1', 3700, 'expired'))).toMatchObject([{ count: 1 }])
})

test('no finding: no claim, an honest one that is over, an unknown end, no lease at all', () => {
  expect(find('single', hold({ op: 1, process: 'server-1/vu-1', at: 1000, until: 1500 }), lease)).toEqual([])
  expect(find('single', claim(-100), lease)).toEqual([])
  expect(find('single', claim(5000), key('redis-1', 999.5, 'set'))).toEqual([])
  expect(find('single', claim(5000), lease, key('redis-1', 1200, 'expire'))).toEqual([])
  expect(find('single', claim(5000), set('redis-1', 999.5, 'token-1', -1))).toEqual([])
  expect(find('single', claim(5000), lease, key('redis-1', 1100, 'gap', ''))).toEqual([])
})

test('a lease that came by a second command', () => {
  const bare = [
    key('redis-1', 999.5, 'set'),
    key('redis-1', 999.6, 'sample', 'stock:7', { value: 'token-1', pttlMs: -1 }),
  ]
  const leased = [
    key('redis-1', 999.8, 'expire'),
    key('redis-1', 999.9, 'sample', 'stock:7', { value: 'token-1', pttlMs: 2700 }),
  ]
  expect(find('single', claim(5000), bare, leased)).toMatchObject([{ count: 1 }])
})

test('an extension claims anew', () => {
  const longer = (at: number) => [
    key('redis-1', at, 'expire'),
    key('redis-1', at + 0.1, 'sample', 'stock:7', { value: 'token-1', pttlMs: 2700 }),
  ]
  const extended = (validForMs: number) => [claim(2600), extend('server-1/vu-1', 5, 1, 1400, 1402, { validForMs })]
  expect(find('single', extended(2600), lease, longer(1401))).toEqual([])
  expect(find('single', extended(4000), lease, longer(1401))).toMatchObject([{ count: 1 }])
  // The node never did it.
  expect(find('single', extended(2900), lease)).toMatchObject([{ count: 1 }])
})

test('what a pipe may be late by is allowed for', () => {
  expect(find('single', claim(3300, { lagNs: 250e6 }), lease)).toEqual([])
  expect(find('single', claim(3300), lease)).toMatchObject([{ count: 1 }])
})

test("another's key says nothing of ours", () => {
  const next = set('redis-1', 3699.8, 'token-2')
  expect(find('single', claim(5000), lease, key('redis-1', 3699.5, 'expired'), next)).toMatchObject([{ count: 1 }])
})

test('a quorum: until a majority of leases has ended', () => {
  const votes = (...ttlMs: number[]) => ttlMs.map((ms, n) => set(`redis-${n + 1}`, 999.5, 'token-1', ms))
  expect(find('redlock', claim(2600), votes(2700, 2700, 1000))).toEqual([])
  expect(find('redlock', claim(2600), votes(2700, 1000, 1000))).toMatchObject([{ count: 1 }])
  // Two of three, and one of them was not seen.
  expect(
    find('redlock', claim(2600), votes(2700, 1000), key('redis-3', 500, 'watched', ''), key('redis-3', 600, 'gap', '')),
  ).toEqual([])
})

test('a moved clock is nobody’s claim, and a try that was taken back is not the lease', () => {
  const jump = fault(7, 'clock-jump', 'redis-1', 1100, 1101)
  expect(find('single', claim(5000), lease, jump)).toEqual([])
  const early = [set('redis-1', 500, 'token-1', 300), key('redis-1', 600, 'del'), key('redis-1', 999, 'set')]
  expect(find('single', claim(5000, { from: 400 }), early)).toEqual([])
})

test('a key that a fault took is nobody’s claim', () => {
  const flush = [fault(7, 'flush', 'redis-1', 1100, 1101), key('redis-1', 1102, 'sample', 'stock:7', { pttlMs: -2 })]
  expect(find('single', claim(2670), lease, flush)).toEqual([])
  expect(find('single', claim(2670), lease, key('redis-1', 1100, 'evicted'))).toEqual([])
  // The clock jumped before anybody looked.
  const short = set('redis-1', 999.5, 'token-1', 40)
  expect(find('single', claim(2670), short, fault(7, 'clock-jump', 'redis-1', 999.6, 999.9))).toEqual([])
})

test('a vote that was taken back and given again, with one token, has the second one’s lease', () => {
  const again = [set('redis-1', 999, 'token-1', 300), key('redis-1', 1002, 'del'), set('redis-1', 1002.1, 'token-1')]
  expect(find('single', claim(2670, { from: 100 }), again)).toEqual([])
})

test('an extension after two failovers is measured on the primary that did it', () => {
  const claims = [
    claim(2600, { until: 6000 }),
    extend('server-1/vu-1', 5, 1, 3000, 3002, { validForMs: 2600 }),
    topology(1500, 'switch-master', 'redis-2', { from: 'redis-1', to: 'redis-2' }),
    topology(2500, 'switch-master', 'redis-3', { from: 'redis-2', to: 'redis-3' }),
  ]
  // redis-3 read the whole data set, of which there are no events.
  const third = (pttlMs: number) => [
    key('redis-3', 3001, 'expire'),
    key('redis-3', 3001.2, 'sample', 'stock:7', { value: 'token-1', pttlMs }),
  ]
  const copied = [lease, set('redis-2', 999.7, 'token-1')]
  expect(find('sentinel', claims, copied, third(2700))).toEqual([])
  expect(find('sentinel', claims, copied, third(700))).toMatchObject([{ count: 1 }])
})

test('a key on a primary that is replaced tells nothing: its whole data set goes, without an event', () => {
  const torn = [lease, key('redis-1', 1046, 'sample', 'stock:7', { value: 'token-1', pttlMs: 107 })]
  const short = set('redis-1', 999.5, 'token-1', 107)
  const replaced = topology(1013, 'switch-master', 'redis-2', { from: 'redis-1', to: 'redis-2' })
  expect(find('sentinel', claim(2600), short, replaced)).toEqual([])
  expect(find('sentinel', claim(2600), short)).toMatchObject([{ count: 1 }])
  expect(find('sentinel', claim(2600), torn, replaced)).toEqual([])
})

test('what a busy machine may do once is a habit where many claims have it, at many times', () => {
  const many = (count: number, more: number, apart = 300) =>
    Array.from({ length: 20 }, (_, i) => {
      const at = 1000 + i * apart
      const validForMs = i < count ? 2699.7 + more : 2600
      return [
        hold({ op: i + 1, process: 'server-1/vu-1', at, until: at + 100, validForMs }),
        set('redis-1', at - 0.5, `token-${i + 1}`),
        key('redis-1', at + 100.5, 'del'),
      ]
    })
  expect(find('single', many(3, 80))).toEqual([])
  expect(find('single', many(20, 40))).toEqual([])
  expect(find('single', many(12, 80))).toMatchObject([{ count: 12 }])
  // The machine stood still for a moment.
  const stall = Array.from({ length: 20 }, (_, i) => [
    hold({ op: i + 1, process: `server-1/vu-${i}`, key: `stock:${i}`, at: 1000 + i, until: 1100, validForMs: 2800 }),
    set('redis-1', 999.5, `token-${i + 1}`, 2700, `stock:${i}`),
  ])
  expect(find('single', stall)).toEqual([])
})
