import { expect, test } from 'vitest'
import {
  end,
  event,
  evidence,
  extend,
  history,
  hold,
  key,
  set,
  topology,
  type Nested,
} from '../../test/support/history.ts'
import type { AuditEvent } from '../history/event.ts'
import { leakedKeys } from './leaked-keys.ts'

const find = (...events: Nested[]) => leakedKeys.check(evidence('single', history(...events, end(20_000))))
const left = (pttlMs: number, more = {}, redisKey = 'stock:7') =>
  key('redis-1', 20_001, 'left', redisKey, { value: 'token-1', pttlMs, ...more })
const used = hold({ op: 1, process: 'server-1/vu-1', at: 1000, until: 1500 })
const whole = [used, set('redis-1', 999.5, 'token-1'), key('redis-1', 1500.5, 'del')]

test('nothing is left', () => {
  expect(find(whole)).toEqual([])
})

test('a key without a time to live', () => {
  expect(find(whole, left(-1))).toMatchObject([
    {
      metric: 'leaked_keys',
      count: 1,
      message: '1 key outlives all holds; the first: stock:7 was left on redis-1 without a time to live',
    },
  ])
})

test('how it came to that', () => {
  const found = (...events: Nested[]) => find(...events, left(-1))[0]!.message
  const crashed = [hold({ op: 1, process: 'server-1/vu-1', at: 1000, from: 990 }), topology(1600, 'down', 'server-1')]
  expect(found(crashed, key('redis-1', 999.5, 'set'))).toMatch(
    /: stock:7 was left on redis-1 without a time to live \(it was written at 1\.000 s without one, in the middle of server-1\/vu-1's acquire\)$/,
  )
  const extended = [...crashed, extend('server-1/vu-1', 3, 1, 1400, 1500), set('redis-1', 999.5, 'token-1')]
  expect(found(extended, key('redis-1', 1499, 'persist'))).toMatch(
    / without a time to live \(it was taken away at 1\.499 s, in the middle of server-1\/vu-1's extend\)$/,
  )
  // Of two that can have written it nobody is named, and one that asks in vain cannot.
  const other = hold({ op: 5, process: 'server-2/vu-1', at: 1010, from: 985 })
  expect(found(crashed, other, key('redis-1', 999.5, 'set'))).toMatch(/ \(it was written at 1\.000 s without one\)$/)
  const vain = [
    event(985, 'server-2/vu-1', 'invoke', 'acquire', 5, 'stock:7', { ttlMs: 2700 }),
    event(1010, 'server-2/vu-1', 'fail', 'acquire', 5, 'stock:7', { error: 'contended' }),
  ]
  expect(found(crashed, vain, key('redis-1', 999.5, 'set'))).toMatch(/in the middle of server-1\/vu-1's acquire\)$/)
  // Set in the past, and given back since: nobody saw how it went.
  expect(found(extended, key('redis-1', 1499, 'persist'), key('redis-1', 1500, 'expire'))).toMatch(
    / without a time to live$/,
  )
})

test('nothing is told across a time in which the node was not seen, and of a key that is there anew', () => {
  const found = (...events: Nested[]) => find(used, ...events, left(-1))[0]!.message
  const persisted = key('redis-1', 1100, 'persist')
  const told = / without a time to live$/
  expect(found(persisted, key('redis-1', 1200, 'gap', ''), key('redis-1', 1300, 'resync', ''))).toMatch(told)
  expect(found(persisted, key('redis-1', 1200, 'sample', 'stock:7', { pttlMs: -2 }))).toMatch(told)
  expect(found(persisted, key('redis-1', 5000, 'set'))).toMatch(/\(it was written at 5\.000 s without one\)$/)
})

test("a key that the lock calls by another name on the node is told by that, and its calls are found by the lock's", () => {
  const crashed = [hold({ op: 1, process: 'server-1/vu-1', at: 1000, from: 990 }), topology(1600, 'down', 'server-1')]
  const [finding] = find(crashed, key('redis-1', 999.5, 'set', 'lock:stock:7'), left(-1, {}, 'lock:stock:7'))
  expect(finding).toMatchObject({
    message:
      "1 key outlives all holds; the first: lock:stock:7 was left on redis-1 without a time to live (it was written at 1.000 s without one, in the middle of server-1/vu-1's acquire)",
    first: { key: 'stock:7', ops: [1] },
    causes: [
      {
        node: 'redis-1',
        atMs: 999.5,
        what: 'written without a time to live',
        call: { process: 'server-1/vu-1', f: 'acquire', op: 1, grant: 1 },
      },
    ],
  })
})

test('bookkeeping lives on by design', () => {
  expect(find(whole, left(-1, { bookkeeping: true }, 'fence:stock:7'))).toEqual([])
})

test('one that goes by itself within its lease is none', () => {
  const crashed = [hold({ op: 1, process: 'server-1/vu-1', at: 19_000 }), topology(19_100, 'down', 'server-1')]
  expect(find(crashed, set('redis-1', 18_999.5, 'token-1'), left(1690))).toEqual([])
  // SET … EX 3, where 2.7 s were asked for.
  expect(find(crashed, set('redis-1', 18_999.5, 'token-1', 3000), left(1990))).toEqual([])
})

test('a lease that is longer than any that was asked for', () => {
  const crashed = [hold({ op: 1, process: 'server-1/vu-1', at: 19_000 }), topology(19_100, 'down', 'server-1')]
  const [finding] = find(crashed, set('redis-1', 18_999.5, 'token-1', 30_000), left(28_998))
  expect(finding!.message).toContain(
    'stock:7 was left on redis-1 with 28.998 s to live, though no lease was asked for that is longer than 2.7 s',
  )
  // Seen long after it was written, with little to go.
  const early = [hold({ op: 1, process: 'server-1/vu-1', at: 1000 }), topology(1100, 'down', 'server-1')]
  expect(find(early, set('redis-1', 999.5, 'token-1', 20_000), left(998))).toMatchObject([{ count: 1 }])
})

test('a key that is kept alive long after the last call on it', () => {
  const tried = [
    event(2000, 'server-2/vu-1', 'invoke', 'acquire', 2, 'stock:7', { ttlMs: 2700, waitMs: 500 }),
    event(2500, 'server-2/vu-1', 'fail', 'acquire', 2, 'stock:7', { error: 'contended' }),
  ]
  const late = set('redis-1', 19_000, 'token-2')
  // A pipe that was held up.
  expect(find(whole, tried, set('redis-1', 2499, 'token-2'), late, left(1700))).toEqual([])
  const [finding] = find(
    whole,
    tried,
    set('redis-1', 2499, 'token-2'),
    set('redis-1', 18_000, 'token-2'),
    late,
    left(1700),
  )
  expect(finding!.message).toContain(
    'stock:7 was kept alive on redis-1 for 17.501 s after the last call on it, though nobody held it',
  )
  // Its holder lives, and never let go.
  const held = hold({ op: 1, process: 'server-1/vu-1', at: 1000 })
  expect(find(held, set('redis-1', 999.5, 'token-1'), set('redis-1', 19_000, 'token-1'), left(1700))).toEqual([])
})

const audit = (type: AuditEvent['type'], waitedMs: number): AuditEvent => ({
  t: 23_000e6,
  process: 'server-1',
  type,
  f: 'audit',
  key: 'stock:7',
  waitedMs,
  ...(type === 'fail' && { error: 'contended' }),
})

test('a fresh acquire is refused though nobody holds', () => {
  expect(find(whole, audit('ok', 1))).toEqual([])
  expect(find(whole, audit('info', 1))).toEqual([])
  expect(find(whole, audit('fail', 2970))).toMatchObject([{ count: 1 }])
  // Released by nobody, or in doubt: somebody may have it.
  expect(find(hold({ op: 1, process: 'server-1/vu-1', at: 1000 }), audit('fail', 2970))).toEqual([])
})

test('the same key counts once', () => {
  expect(find(whole, left(-1), audit('fail', 2970))).toMatchObject([{ count: 1 }])
})

test('a lease that is prolonged when its hold was released', () => {
  const renewal = (t: number, value = 'token-1') => [
    key('redis-1', t, 'expire'),
    key('redis-1', t + 0.2, 'sample', 'stock:7', { value, pttlMs: 2700 }),
  ]
  const kept = [used, set('redis-1', 999.5, 'token-1')]
  expect(find(kept, renewal(1300))).toEqual([])
  // The last one may have been on its way.
  expect(find(kept, renewal(1550))).toEqual([])
  // Once: a pipe was held up.
  expect(find(kept, renewal(2400), renewal(2410))).toEqual([])
  const [finding] = find(kept, renewal(2400), renewal(3300))
  expect(finding).toMatchObject({ count: 1, first: { atMs: 2400, ops: [1] } })
  expect(finding!.message).toContain(
    'stock:7 was released by server-1 at 1.501 s, and its lease on redis-1 was prolonged at 2.400 s',
  )
  // The next holder's, and a token that all grants of a server share.
  expect(find(kept, key('redis-1', 1500.5, 'del'), set('redis-1', 2300, 'token-2'), renewal(2400, 'token-2'))).toEqual(
    [],
  )
  const again = hold({ op: 2, process: 'server-1/vu-1', at: 2399, token: 'token-1' })
  expect(find(kept, again, renewal(2400), renewal(3300))).toEqual([])
})

test('a release that was refused, or of which nobody knows, ends the hold as well', () => {
  const failed = (type: 'fail' | 'info') => [
    event(999, 'server-1/vu-1', 'invoke', 'acquire', 1, 'stock:7', { ttlMs: 2700 }),
    event(1000, 'server-1/vu-1', 'ok', 'acquire', 1, 'stock:7', { token: 'token-1' }),
    event(1500, 'server-1/vu-1', 'invoke', 'release', 2, 'stock:7', { grant: 1 }),
    event(1501, 'server-1/vu-1', type, 'release', 2, 'stock:7', { grant: 1 }),
  ]
  const writes = (...times: number[]) => times.map((t) => set('redis-1', t, 'token-1'))
  expect(find(failed('fail'), writes(999.5, 2400, 3300))).toMatchObject([{ count: 1 }])
  expect(find(failed('info'), writes(999.5, 2400, 3300))).toMatchObject([{ count: 1 }])
  // It did not arrive: the key runs out, after what was still on its way, and what a pipe held up.
  expect(find(failed('info'), writes(999.5), key('redis-1', 3699.5, 'expired'))).toEqual([])
  expect(find(failed('info'), writes(999.5, 1650, 1800), key('redis-1', 4500, 'expired'))).toEqual([])
  expect(find(failed('info'), writes(999.5, 2600, 2650), key('redis-1', 5350, 'expired'))).toEqual([])
})

test('a lease that grows while it is held', () => {
  const sample = (t: number, pttlMs: number) => [
    key('redis-1', t, 'expire'),
    key('redis-1', t + 0.2, 'sample', 'stock:7', { value: 'token-1', pttlMs }),
  ]
  const [finding] = find(used, set('redis-1', 999.5, 'token-1'), sample(1400, 4900), key('redis-1', 1500.5, 'del'))
  expect(finding!.message).toBe(
    '1 key outlives all holds; the first: stock:7 had 4.9 s to live on redis-1 at 1.400 s, though no lease was asked for that is longer than 2.7 s',
  )
  // Whole seconds, a longer lease that was asked for, and one that is longer from the beginning.
  const fine = (first: number, second: number, more: Nested = []) =>
    find(used, more, set('redis-1', 999.5, 'token-1', first), sample(1400, second), key('redis-1', 1500.5, 'del'))
  expect(fine(2700, 3000)).toEqual([])
  expect(fine(2700, 5000, extend('server-1/vu-1', 5, 1, 1399, 1401, { ttlMs: 5000 }))).toEqual([])
  expect(fine(30_000, 30_000)).toEqual([])
})

test('a SET that a pipe held back until nobody waited for it is refused to others for as long as its lease', () => {
  const gaveUp = [
    event(15_000, 'server-2/vu-1', 'invoke', 'acquire', 2, 'stock:7', { ttlMs: 2700 }),
    event(15_500, 'server-2/vu-1', 'info', 'acquire', 2, 'stock:7', { error: 'timeout' }),
  ]
  const late = (t: number) => set('redis-1', t, 'token-2')
  expect(find(whole, gaveUp, late(20_500), audit('fail', 2970))).toEqual([])
  // Somebody keeps it alive.
  expect(find(whole, gaveUp, late(20_500), late(21_400), late(22_300), audit('fail', 2970))).toMatchObject([
    { count: 1 },
  ])
  expect(find(whole, gaveUp, audit('fail', 2970))).toMatchObject([{ count: 1 }])
})
