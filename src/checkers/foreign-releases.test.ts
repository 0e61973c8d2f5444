import { expect, test } from 'vitest'
import {
  end,
  event,
  evidence,
  extend,
  fault,
  history,
  hold,
  key,
  set,
  topology,
  type HoldOptions,
  type Nested,
} from '../../test/support/history.ts'
import type { Plan } from '../plan/scenario.ts'
import { foreignReleases } from './foreign-releases.ts'

const find = (kind: Plan['topology']['kind'], ...events: Nested[]) =>
  foreignReleases.check(evidence(kind, history(...events, end(20_000))))

/** The victim: granted at 1000, holds until 2000. */
const victim = (more: Partial<HoldOptions> = {}) =>
  hold({ op: 1, process: 'server-1/vu-1', at: 1000, until: 2000, ...more })
/** It overran its lease and lets go in the middle of the victim's hold. */
const other = (until = 1499.5, more: Partial<HoldOptions> = {}) =>
  hold({ op: 2, process: 'server-2/vu-1', at: 100, until, validForMs: 700, ...more })

test('a release of its own takes nobody anything', () => {
  expect(find('single', victim(), set('redis-1', 999.5, 'token-1'), key('redis-1', 2000.5, 'del'))).toEqual([])
})

test("another's release deletes the key", () => {
  const [finding] = find('single', other(), victim(), set('redis-1', 999.5, 'token-1'), key('redis-1', 1500, 'del'))
  expect(finding).toMatchObject({ metric: 'foreign_releases', count: 1, first: { atMs: 1500, ops: [1, 1002] } })
  expect(finding!.message).toBe(
    "1 hold lost the key to somebody else's call; the first at 1.500 s: server-1 held stock:7 from 1.000 s, and its key on redis-1 was deleted while server-2 released an earlier hold",
  )
})

test('what was read only after the next grant accuses nobody', () => {
  const next = hold({ op: 3, process: 'server-3/vu-1', from: 1300, at: 1450, until: 1600 })
  const [finding] = find(
    'single',
    other(),
    victim(),
    next,
    set('redis-1', 999.5, 'token-1'),
    key('redis-1', 1500, 'del'),
  )
  expect(finding!.message).toMatch(/was deleted; that was told late, and whose call it was is not known$/)
  expect(finding!.first!.ops).toEqual([1])
  expect(finding!.causes).toEqual([{ node: 'redis-1', atMs: 1500, what: "server-1's key deleted" }])
})

test('of several calls that may have done it none is accused', () => {
  const asks = (op: number, server: number) => [
    event(1200, `server-${server}/vu-1`, 'invoke', 'acquire', op, 'stock:7', { ttlMs: 2700 }),
    event(1900, `server-${server}/vu-1`, 'fail', 'acquire', op, 'stock:7', { error: 'contended' }),
  ]
  const taken = [set('redis-1', 999.5, 'token-1'), key('redis-1', 1500, 'del')]
  const [finding] = find('single', victim(), asks(5, 2), asks(6, 3), asks(7, 2), taken)
  expect(finding!.message).toMatch(/was deleted while calls of acquire by server-2 and server-3 were under way$/)
  expect(finding).toMatchObject({ first: { ops: [1] }, causes: [{ node: 'redis-1', atMs: 1500 }] })
  expect(finding!.causes![0]).not.toHaveProperty('call')
})

test("another's acquire overwrites it", () => {
  const taker = hold({ op: 2, process: 'server-2/vu-1', from: 1490, at: 1501, until: 1510 })
  const [finding] = find('single', victim(), taker, set('redis-1', 999.5, 'token-1'), set('redis-1', 1500, 'token-2'))
  expect(finding!.message).toContain("overwritten in the middle of server-2's acquire")
})

test('a command of a call that was given up', () => {
  const gaveUp = [
    event(500, 'server-2/vu-1', 'invoke', 'acquire', 2, 'stock:7', { ttlMs: 2700 }),
    event(800, 'server-2/vu-1', 'info', 'acquire', 2, 'stock:7', { error: 'timeout' }),
  ]
  const [finding] = find('single', victim(), gaveUp, set('redis-1', 999.5, 'token-1'), key('redis-1', 1500, 'del'))
  expect(finding!.message).toContain('after server-2 had given up a call of acquire')
})

test.each<[string, Nested[]]>([
  ['nobody else did anything: unclear', [victim(), set('redis-1', 999.5, 'token-1'), key('redis-1', 1500, 'del')]],
  ['it had begun to release', [victim({ until: 1500 }), other(), key('redis-1', 1500.1, 'del')]],
  ['the touching moment', [victim({ until: 1500 }), other(), key('redis-1', 1500, 'del')]],
  ['its own claim had ended', [victim({ validForMs: 400 }), other(), key('redis-1', 1500, 'del')]],
  ['it expired', [victim(), other(), key('redis-1', 1500, 'expired')]],
  ['it was evicted', [victim(), other(), key('redis-1', 1500, 'evicted')]],
  ['a flush', [victim(), other(), fault(7, 'flush', 'redis-1', 1499, 1500), key('redis-1', 1500, 'del')]],
  ['a moved clock', [victim(), other(), fault(7, 'clock-jump', 'redis-1', 1499, 1500), key('redis-1', 1500, 'del')]],
  [
    'its own extension, which writes the key anew',
    [
      victim(),
      other(),
      extend('server-1/vu-1', 5, 1, 1499, 1501),
      key('redis-1', 1500, 'del'),
      set('redis-1', 1500.1, 'token-1'),
    ],
  ],
  [
    'a lock that lost it and says so, while another one waits',
    [
      victim(),
      event(1400, 'server-2/vu-1', 'invoke', 'acquire', 2, 'stock:7', { ttlMs: 2700 }),
      key('redis-1', 1500, 'del'),
      event(1501, 'server-1/vu-1', 'info', 'lost', 8, 'stock:7', { grant: 1 }),
    ],
  ],
  [
    'an acquire that nobody knows of has no belief',
    [
      event(900, 'server-1/vu-1', 'invoke', 'acquire', 1, 'stock:7', { ttlMs: 2700 }),
      event(1000, 'server-1/vu-1', 'info', 'acquire', 1, 'stock:7', { error: 'timeout' }),
      other(),
      key('redis-1', 1500, 'del'),
    ],
  ],
  [
    'its server had died',
    [
      hold({ op: 1, process: 'server-1/vu-1', at: 1000 }),
      topology(1400, 'down', 'server-1'),
      other(),
      key('redis-1', 1500, 'del'),
    ],
  ],
])('no finding: %s', (_, events) => {
  expect(find('single', set('redis-1', 999.5, 'token-1'), ...events)).toEqual([])
})

test('a hold of a killed server counts until its last word', () => {
  const open = [
    hold({ op: 1, process: 'server-1/vu-1', at: 1000 }),
    event(1600, 'server-1/vu-2', 'invoke', 'acquire', 9, 'stock:8', {}),
    topology(1700, 'down', 'server-1'),
  ]
  expect(find('single', open, other(), set('redis-1', 999.5, 'token-1'), key('redis-1', 1500, 'del'))).toMatchObject([
    { count: 1 },
  ])
})

test('where no value was seen at all, nobody knows whether tokens tell', () => {
  const events = [other(1499.5), victim(), key('redis-1', 999.5, 'set'), key('redis-1', 1500, 'del')]
  expect(find('single', events)).toEqual([])
})

test('nor where the values that were seen are of tries that nobody was granted', () => {
  const grant = key('redis-1', 1050, 'set')
  const others = key('redis-1', 5000, 'sample', 'stock:7', { value: 'a try', pttlMs: 700 })
  expect(find('single', other(), victim(), grant, key('redis-1', 1500, 'del'), others)).toEqual([])
  const during = key('redis-1', 1400, 'sample', 'stock:7', { value: 'no token', pttlMs: 2300 })
  expect(find('single', other(), victim(), grant, during, key('redis-1', 1500, 'del'), others)).toHaveLength(1)
})

test('locks without tokens: only what came well after the grant', () => {
  const bare = { token: '' }
  const events = [other(1499.5, bare), victim(bare), key('redis-1', 999.5, 'set')]
  expect(find('single', events, key('redis-1', 1500, 'del'))).toMatchObject([{ count: 1 }])
  expect(find('single', events, key('redis-1', 1050, 'del'))).toEqual([])
  // Written again since: whose it was is not known.
  expect(find('single', events, key('redis-1', 1300, 'set'), key('redis-1', 1500, 'del'))).toEqual([])
})

const trio = (t: number, token: string, ...nodes: number[]) => nodes.map((n) => set(`redis-${n}`, t + n / 10, token))

test('a quorum: a majority decides', () => {
  const events = [other(), victim(), ...trio(999, 'token-1', 1, 2, 3)]
  const gone = (...nodes: number[]) => nodes.map((n) => key(`redis-${n}`, 1500 + n, 'del'))
  expect(find('redlock', ...events, ...gone(1))).toEqual([])
  const [finding] = find('redlock', ...events, ...gone(1, 3))
  expect(finding!.message).toContain('its key on redis-1 and redis-3 was deleted')
})

test('a quorum: a round that was lost and taken back is not the one that counted, with the same token', () => {
  const late = [1, 2].map((n) => [key(`redis-${n}`, 1003, 'del'), set(`redis-${n}`, 1003.5, 'token-1')])
  const early = trio(990, 'token-1', 1, 2)
  expect(find('redlock', other(1002), victim({ from: 900 }), early, trio(999, 'token-1', 3), late)).toEqual([])
  // The undo was read in time, the second round was not.
  const undone = [1, 2].map((n) => [key(`redis-${n}`, 995, 'del'), set(`redis-${n}`, 1003.5, 'token-1')])
  expect(find('redlock', other(1002), victim({ from: 900 }), early, undone)).toEqual([])
})

test('sentinel: a failover explains it, and so does a replica that follows', () => {
  const events = [other(), victim(), set('redis-1', 999.5, 'token-1'), set('redis-2', 1000, 'token-1')]
  expect(find('sentinel', ...events, key('redis-2', 1500, 'del'))).toEqual([])
  expect(find('sentinel', ...events, key('redis-1', 1500, 'del'))).toMatchObject([{ count: 1 }])
  const change = (t: number) => topology(t, 'switch-master', 'redis-2', { from: 'redis-1', to: 'redis-2' })
  expect(find('sentinel', ...events, change(1200), key('redis-1', 1500, 'del'))).toEqual([])
  // Granted by a primary that was none any more.
  const demoted = [other(), victim(), set('redis-1', 999.5, 'token-1'), change(990), set('redis-1', 1500, 'token-2')]
  expect(find('sentinel', demoted)).toEqual([])
})
