import { expect, test } from 'vitest'
import { fault, key, set, topology } from '../../test/support/history.ts'
import { a, b, find } from '../../test/support/overlaps.ts'
import type { Event } from '../history/event.ts'

test('sentinel: lost in a failover', () => {
  const [finding] = find(
    'sentinel',
    a({ at: 4990 }),
    b(5871),
    set('redis-1', 4989.5, 'token-1'),
    set('redis-2', 4000, 'token-0'),
    key('redis-2', 4100, 'del'),
    topology(5003, 'down', 'redis-1'),
    key('redis-1', 5003, 'gap', ''),
    topology(5861, 'switch-master', 'redis-2', { from: 'redis-1', to: 'redis-2' }),
    set('redis-2', 5870.5, 'token-2'),
  )
  expect(finding).toMatchObject({
    blame: 'topology',
    story: 'redis-1 died at 5.003 s, redis-2 was promoted at 5.861 s without the key, which was never replicated',
  })
})

const failover = [
  topology(2000, 'down', 'redis-1'),
  key('redis-1', 2000, 'gap', ''),
  topology(3000, 'switch-master', 'redis-2', { from: 'redis-1', to: 'redis-2' }),
]

test('sentinel: the key was replicated, and the lock overwrote it on the new primary', () => {
  const findings = find(
    'sentinel',
    a(),
    b(3100),
    set('redis-1', 999.5, 'token-1'),
    set('redis-2', 1000.2, 'token-1'),
    failover,
    set('redis-2', 3099.5, 'token-2'),
  )
  expect(findings).toMatchObject([{ blame: 'lock', story: "server-1's key on redis-2 was overwritten at 3.099 s" }])
})

test('sentinel: the key was replicated, and the replica was told to delete it when its time was over', () => {
  const findings = find(
    'sentinel',
    a(),
    b(4000),
    set('redis-1', 999.5, 'token-1'),
    set('redis-2', 1000.2, 'token-1'),
    key('redis-1', 3700, 'expired'),
    key('redis-2', 3700.3, 'del'),
    set('redis-1', 3999.5, 'token-2'),
    set('redis-2', 3999.9, 'token-2'),
  )
  expect(findings).toMatchObject([{ blame: 'holder' }])
})

test('sentinel: a grant that the record missed, but the sample after the gap shows', () => {
  const findings = find(
    'sentinel',
    a(),
    b(3100),
    set('redis-1', 999.5, 'token-1'),
    failover,
    key('redis-2', 3050, 'gap', ''),
    key('redis-2', 3150, 'resync', '', { value: 'same process' }),
    key('redis-2', 3151, 'sample', 'stock:7', { value: 'token-2', pttlMs: 2600 }),
  )
  expect(findings).toMatchObject([{ blame: 'topology' }])
})

test.each([
  ['beside a primary that was cut off', fault(7, 'isolate-primary', 'redis-1', 500, 4000)],
  ['while the primary changed', [topology(2100, 'switch-master', 'redis-2', { from: 'redis-1', to: 'redis-2' })]],
])(
  'sentinel: what was read after the next grant %s accuses no lock, where no sample shows who gave that',
  (_, incident) => {
    const findings = find(
      'sentinel',
      a(),
      b(2000),
      set('redis-1', 999.5, 'token-1'),
      incident,
      key('redis-1', 2150, 'del'),
      key('redis-1', 2150.5, 'set'),
    )
    expect(findings).toMatchObject([{ blame: 'unclear', story: expect.stringContaining('two primaries') as string }])
  },
)

test('sentinel: a deletion that comes before the key that a sample shows to be the second one accuses the lock, whatever else is on', () => {
  const findings = find(
    'sentinel',
    a(),
    b(2000),
    set('redis-1', 999.5, 'token-1'),
    fault(7, 'isolate-primary', 'redis-1', 500, 4000),
    key('redis-1', 2005, 'del'),
    set('redis-1', 2005.5, 'token-2'),
  )
  expect(findings).toMatchObject([{ blame: 'lock' }])
})

const deposed = topology(1501, 'switch-master', 'redis-2', { from: 'redis-1', to: 'redis-2' })

test('sentinel: what a sample shows on a node that was deposed may be the key of the new primary', () => {
  const findings = find(
    'sentinel',
    a({ at: 1500 }),
    b(2000),
    key('redis-1', 1499.5, 'set'),
    deposed,
    key('redis-1', 1540, 'sample', 'stock:7', { value: 'token-0', pttlMs: 144 }),
    set('redis-2', 1999.5, 'token-2'),
  )
  expect(findings).toMatchObject([{ blame: 'topology' }])
})

test.each([
  ['topology', "redis-1 was deposed at 1.501 s, and its keys were replaced by the new primary's", [deposed]],
  ['unclear', 'the key was gone from redis-1 at 1.540 s, and no event tells why', []],
])("sentinel: another's key without a write → %s", (blame, story, incident) => {
  const findings = find(
    'sentinel',
    a(),
    b(2000),
    set('redis-1', 999.5, 'token-1'),
    incident,
    key('redis-1', 1540, 'sample', 'stock:7', { value: 'token-0', pttlMs: 144 }),
    set('redis-1', 1999.5, 'token-2'),
  )
  expect(findings).toMatchObject([{ blame, story }])
})

test('sentinel: granted on nothing while the primary was dead', () => {
  const findings = find(
    'sentinel',
    a(),
    b(2300),
    set('redis-1', 999.5, 'token-1'),
    set('redis-2', 1000.2, 'token-1'),
    failover,
  )
  expect(findings).toMatchObject([{ blame: 'lock', story: "server-2's grant wrote no key on any node" }])
})

test('sentinel: two primaries took writes', () => {
  const split = topology(900, 'switch-master', 'redis-2', { from: 'redis-1', to: 'redis-2' })
  const findings = find(
    'sentinel',
    a(),
    b(1500),
    split,
    set('redis-1', 999.5, 'token-1'),
    set('redis-2', 1499.5, 'token-2'),
  )
  expect(findings).toMatchObject([
    { blame: 'topology', story: "two primaries took writes: server-1's key was on redis-1, server-2's on redis-2" },
  ])
})

test('sentinel: a promotion that is announced after the first write of the new primary is one still', () => {
  const findings = find(
    'sentinel',
    a(),
    b(2000),
    set('redis-1', 999.5, 'token-1'),
    topology(1100, 'down', 'redis-1'),
    set('redis-2', 1999.5, 'token-2'),
    topology(2040, 'switch-master', 'redis-2', { from: 'redis-1', to: 'redis-2' }),
  )
  expect(findings).toMatchObject([
    {
      blame: 'topology',
      story: 'redis-1 died at 1.100 s, redis-2 took its place without the key, which was never replicated',
    },
  ])
})

test('sentinel: both on the old primary, which the lock overwrote', () => {
  const split = topology(900, 'switch-master', 'redis-2', { from: 'redis-1', to: 'redis-2' })
  const findings = find(
    'sentinel',
    a(),
    b(1500),
    split,
    set('redis-1', 999.5, 'token-1'),
    set('redis-1', 1499.5, 'token-2'),
  )
  expect(findings).toMatchObject([{ blame: 'lock' }])
})

test('sentinel: what was granted after the replica was cut off to be promoted cannot have been replicated', () => {
  const promotion = [
    key('redis-2', 900, 'gap', ''),
    key('redis-2', 1010, 'resync', '', { value: 'same process' }),
    topology(1400, 'switch-master', 'redis-2', { from: 'redis-1', to: 'redis-2' }),
  ]
  const second = (t: number): Event[][] => [b(1500), set('redis-2', t, 'token-2')]
  const without = 'redis-2 was promoted at 1.400 s without the key, which was never replicated'
  expect(find('sentinel', a(), set('redis-1', 999.5, 'token-1'), promotion, ...second(1499.5))).toMatchObject([
    { blame: 'topology', story: without },
  ])
  // A gap of another kind, before the key was there: the observer is back, asks for all keys, and sees this one written anew.
  const another = [key('redis-2', 990, 'gap', ''), ...promotion.slice(1)]
  expect(find('sentinel', a({ from: 980 }), set('redis-1', 985, 'token-1'), another, ...second(1499.5))).toMatchObject([
    { blame: 'topology', story: without },
  ])
  // The observer was away when the second one was granted: what was there before is not known.
  const longer = [
    key('redis-2', 990, 'gap', ''),
    key('redis-2', 1501, 'resync', '', { value: 'same process' }),
    promotion[2]!,
    key('redis-2', 1502, 'sample', 'stock:7', { value: 'token-2', pttlMs: 2600 }),
  ]
  expect(find('sentinel', a({ from: 980 }), set('redis-1', 985, 'token-1'), longer, b(1500))).toMatchObject([
    { blame: 'unclear' },
  ])
})

test('sentinel: a write that no sample tells of is no grant beside one that a sample shows', () => {
  const split = topology(900, 'switch-master', 'redis-2', { from: 'redis-1', to: 'redis-2' })
  const findings = find(
    'sentinel',
    a({ until: 1600 }),
    b(1500, { from: 950 }),
    split,
    // Others come and go on the new primary meanwhile.
    set('redis-2', 999.5, 'token-1'),
    key('redis-1', 1499.5, 'set'),
    key('redis-1', 1499.8, 'sample', 'stock:7', { value: 'token-2', pttlMs: 2700 }),
    key('redis-2', 1600.5, 'del'),
    key('redis-2', 1601, 'set'),
    key('redis-2', 1602, 'del'),
  )
  expect(findings).toMatchObject([
    { blame: 'topology', story: "two primaries took writes: server-1's key was on redis-2, server-2's on redis-1" },
  ])
})

test('two primaries, and no sample tells who wrote where', () => {
  const findings = find(
    'sentinel',
    a({ at: 1967, until: 2043 }),
    b(1973),
    fault(7, 'isolate-primary', 'redis-1', 500, 3000),
    fault(8, 'partition', 'server-2→redis-1', 500, 3000),
    topology(900, 'switch-master', 'redis-2', { from: 'redis-1', to: 'redis-2' }),
    key('redis-2', 1995, 'set'),
    key('redis-1', 2026, 'set'),
    set('redis-2', 100, 'token-1'),
    key('redis-2', 2074, 'del'),
    key('redis-1', 2074, 'del'),
  )
  expect(findings).toMatchObject([{ blame: 'topology', story: 'two primaries took writes: redis-2 and redis-1' }])
})
