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
} from '../../test/support/history.ts'
import type { Event } from '../history/event.ts'
import type { Plan } from '../plan/scenario.ts'
import { exclusion } from './exclusion.ts'

const find = (kind: Plan['topology']['kind'], ...events: (Event | Event[])[]) =>
  exclusion.check(evidence(kind, history(...events, end(20_000)))).map(({ blame, count, message }) => ({
    blame,
    count,
    story: message.slice(message.indexOf('granted it too; ') + 'granted it too; '.length),
    message,
  }))

const a = (more: Partial<HoldOptions> = {}) => hold({ op: 1, process: 'server-1/vu-1', at: 1000, until: 9000, ...more })
const b = (at: number, more: Partial<HoldOptions> = {}) =>
  hold({ op: 2, process: 'server-2/vu-1', at, until: at + 500, ...more })

test('a good history has no findings', () => {
  expect(
    find(
      'single',
      a({ until: 1500 }),
      b(1502),
      set('redis-1', 999.5, 'token-1'),
      key('redis-1', 1500.5, 'del'),
      set('redis-1', 1501, 'token-2'),
    ),
  ).toEqual([])
})

test('the sentence names keys, servers, times, count and blame', () => {
  const [finding] = find('single', a(), b(2000), set('redis-1', 999.5, 'token-1'), set('redis-1', 1999.5, 'token-2'))
  expect(finding!.message).toBe(
    "two servers held stock:7 at once, once (blame: lock). First at 2.000 s: server-1 held it from 1.000 s, server-2 was granted it too; server-1's key on redis-1 was overwritten at 2.000 s",
  )
})

test('two callers of one server go by their own names', () => {
  const [finding] = find(
    'single',
    a(),
    b(2000, { process: 'server-1/vu-2', from: 990 }),
    set('redis-1', 999.5, 'token-1'),
    set('redis-1', 999.7, 'token-2'),
  )
  expect(finding!.message).toBe(
    "two callers of one server held stock:7 at once, once (blame: lock). First at 2.000 s: server-1/vu-1 held it from 1.000 s, server-1/vu-2 was granted it too; server-1/vu-1's key on redis-1 was overwritten at 1.000 s, before the answer reached it",
  )
})

test('several keys and two callers of one server are said so', () => {
  const [finding] = find(
    'single',
    a(),
    b(2000, { process: 'server-1/vu-2' }),
    hold({ op: 3, process: 'server-1/vu-3', at: 3000, until: 4000, key: 'stock:8' }),
    hold({ op: 4, process: 'server-2/vu-3', at: 3500, until: 4500, key: 'stock:8' }),
  )
  expect(finding).toMatchObject({ blame: 'unclear', count: 2 })
  expect(finding!.message).toContain('two callers held one key at once, 2 times, on 2 keys')
})

test.each<[string, string, string, (Event | Event[])[]]>([
  [
    'written over, by locks without tokens',
    'lock',
    "server-1's key on redis-1 was overwritten at 2.000 s",
    [a({ token: '' }), b(2000, { token: '' }), key('redis-1', 999.5, 'set'), key('redis-1', 1999.5, 'set')],
  ],
  [
    'overwritten',
    'lock',
    "server-1's key on redis-1 was overwritten at 2.000 s",
    [a(), b(2000), set('redis-1', 999.5, 'token-1'), set('redis-1', 1999.5, 'token-2')],
  ],
  [
    'deleted by a stranger',
    'lock',
    "server-1's key was deleted on redis-1 at 1.500 s, before server-1 began to release it",
    [a(), b(2000), set('redis-1', 999.5, 'token-1'), key('redis-1', 1500, 'del'), set('redis-1', 1999.5, 'token-2')],
  ],
  [
    "deleted by another's release",
    'lock',
    "server-1's key was deleted on redis-1 at 1.500 s, by server-3's release of an earlier hold, before server-1 began to release it",
    [
      hold({ op: 9, process: 'server-3/vu-1', at: 100, until: 1499, validForMs: 800 }),
      a(),
      b(2000),
      set('redis-1', 999.5, 'token-1'),
      key('redis-1', 1500, 'del'),
      set('redis-1', 1999.5, 'token-2'),
    ],
  ],
  [
    'ended earlier than asked for',
    'lock',
    "server-1's key expired on redis-1 at 3.000 s, earlier than the 2.7 s that it had asked for",
    [
      a(),
      b(3500),
      set('redis-1', 999.5, 'token-1', 2000),
      key('redis-1', 3000, 'expired'),
      set('redis-1', 3499.5, 'token-2'),
    ],
  ],
  [
    'covered by its own validity',
    'lock',
    "server-1's key expired on redis-1 at 3.700 s, while the lock claimed to hold it until 6.000 s",
    [
      a({ validForMs: 5000 }),
      b(4000),
      set('redis-1', 999.5, 'token-1'),
      key('redis-1', 3700, 'expired'),
      set('redis-1', 3999.5, 'token-2'),
    ],
  ],
  [
    'an acknowledged extension that the node never did',
    'lock',
    "server-1's key expired on redis-1 at 3.700 s, earlier than the 2.7 s that it had asked for",
    [
      a(),
      extend('server-1/vu-1', 5, 1, 3000, 3010),
      b(4000),
      set('redis-1', 999.5, 'token-1'),
      key('redis-1', 3700, 'expired'),
      set('redis-1', 3999.5, 'token-2'),
    ],
  ],
  [
    'granted what had run out before the answer came',
    'lock',
    'server-2 was granted a lease that had ended on redis-1 at 2.900 s already',
    [
      a({ at: 3000, from: 2800 }),
      b(4000, { from: 100 }),
      set('redis-1', 200, 'token-2'),
      key('redis-1', 2900, 'expired'),
      set('redis-1', 2900.1, 'token-1'),
    ],
  ],
  [
    'deleted before the answer came',
    'lock',
    "server-2's key was deleted on redis-1 at 1.500 s, before server-2 began to release it",
    [
      a({ at: 2000 }),
      b(2500, { from: 100 }),
      set('redis-1', 200, 'token-2'),
      key('redis-1', 1500, 'del'),
      set('redis-1', 1999.1, 'token-1'),
    ],
  ],
  [
    'expired in its time',
    'holder',
    "server-1's key expired on redis-1 at 3.700 s, in its time, and server-1 went on",
    [
      a(),
      b(4000),
      set('redis-1', 999.5, 'token-1'),
      key('redis-1', 3700, 'expired'),
      set('redis-1', 3999.5, 'token-2'),
    ],
  ],
  [
    'expired a jitter early',
    'holder',
    "server-1's key expired on redis-1 at 3.660 s, in its time, and server-1 went on",
    [
      a({ from: 900 }),
      b(4000),
      set('redis-1', 999.5, 'token-1'),
      key('redis-1', 3660, 'expired'),
      set('redis-1', 3999.5, 'token-2'),
    ],
  ],
  [
    'a waiter: the lease counts from its key and not from its call',
    'lock',
    "server-1's key expired on redis-1 at 3.000 s, earlier than the 2.7 s that it had asked for",
    [
      a({ from: 10 }),
      b(3500),
      set('redis-1', 999.5, 'token-1', 2000),
      key('redis-1', 3000, 'expired'),
      set('redis-1', 3499.5, 'token-2'),
    ],
  ],
  [
    'evicted',
    'topology',
    "redis-1 evicted server-1's key at 1.500 s",
    [
      a(),
      b(2000),
      set('redis-1', 999.5, 'token-1'),
      key('redis-1', 1500, 'evicted'),
      set('redis-1', 1999.5, 'token-2'),
    ],
  ],
  [
    'flushed',
    'topology',
    'the flush of redis-1 at 1.500 s took the key',
    [
      a(),
      b(2000),
      set('redis-1', 999.5, 'token-1'),
      fault(7, 'flush', 'redis-1', 1500, 1501),
      set('redis-1', 1999.5, 'token-2'),
    ],
  ],
  [
    'a moved clock',
    'topology',
    'the clock of redis-1 was moved at 1.500 s, which ended the key early',
    [
      a(),
      b(2000),
      set('redis-1', 999.5, 'token-1'),
      fault(7, 'clock-jump', 'redis-1', 1500, 1501),
      key('redis-1', 1501, 'expired'),
      set('redis-1', 1999.5, 'token-2'),
    ],
  ],
  [
    'a restart without the key',
    'topology',
    'redis-1 died at 1.500 s and came back without the key',
    [
      a(),
      b(2000),
      set('redis-1', 999.5, 'token-1'),
      ...restart(1500, 1900),
      key('redis-1', 1901, 'sample', 'stock:7', { pttlMs: -2 }),
      set('redis-1', 1999.5, 'token-2'),
    ],
  ],
  [
    'a restart that kept the key',
    'lock',
    "server-1's key on redis-1 was overwritten at 2.000 s",
    [
      a(),
      b(2000),
      set('redis-1', 999.5, 'token-1'),
      ...restart(1500, 1900),
      key('redis-1', 1901, 'sample', 'stock:7', { value: 'token-1', pttlMs: 1700 }),
      set('redis-1', 1999.5, 'token-2'),
    ],
  ],
  [
    'a restart, but the lease was over anyway',
    'holder',
    "server-1's key expired on redis-1 at 3.700 s, in its time, and server-1 went on",
    [
      a(),
      b(5000),
      set('redis-1', 999.5, 'token-1'),
      ...restart(1500, 1900),
      key('redis-1', 1901, 'sample', 'stock:7', { pttlMs: -2 }),
      set('redis-1', 4999.5, 'token-2'),
    ],
  ],
  [
    'a gap in the record',
    'unclear',
    "server-1's key went while redis-1 was not seen, from 1.500 s",
    [
      a(),
      b(2000),
      set('redis-1', 999.5, 'token-1'),
      key('redis-1', 1500, 'gap', ''),
      key('redis-1', 1900, 'resync', '', { value: 'same process' }),
      key('redis-1', 1901, 'sample', 'stock:7', { pttlMs: -2 }),
      set('redis-1', 1999.5, 'token-2'),
    ],
  ],
  [
    'no key at all',
    'unclear',
    'no key of stock:7 was seen on a node',
    [a(), b(2000), set('redis-1', 999.5, 'token-9', 2700, 'stock:77')],
  ],
  [
    'no key at all, and nothing that could be one',
    'lock',
    'the lock never wrote a key of stock:7 on any node',
    [a(), b(2000), key('redis-1', 1, 'watched', '')],
  ],
  [
    'no key at all, while the node was not seen',
    'unclear',
    'no key of stock:7 was seen on a node',
    [a(), b(2000), key('redis-1', 1990, 'gap', '')],
  ],
  [
    'a key whose name tells nothing, known by its token',
    'lock',
    "server-1's key on redis-1 was overwritten at 2.000 s",
    [
      a(),
      b(2000),
      set('redis-1', 999.5, 'token-1', 2700, 'l:9f86d081'),
      set('redis-1', 1999.5, 'token-2', 2700, 'l:9f86d081'),
    ],
  ],
  [
    'granted without a key',
    'lock',
    "server-2's grant wrote no key on any node",
    [a(), b(2000), set('redis-1', 999.5, 'token-1')],
  ],
  [
    'granted without a key while the node was dead',
    'lock',
    "server-2's grant wrote no key on any node",
    [
      a(),
      b(2000),
      set('redis-1', 999.5, 'token-1'),
      ...restart(1850, 8000),
      key('redis-1', 8001, 'sample', 'stock:7', { pttlMs: -2 }),
    ],
  ],
  [
    'granted when the node fell silent',
    'unclear',
    'what redis-1 did at that time was not seen',
    [
      a(),
      b(2000),
      set('redis-1', 999.5, 'token-1'),
      // Its answer was read when the node was dead already.
      ...restart(1910, 8000),
      key('redis-1', 8001, 'sample', 'stock:7', { pttlMs: -2 }),
    ],
  ],
])('single: %s → %s', (_, blame, story, events) => {
  const findings = find('single', ...events)
  const finding =
    findings.find(({ message }) => /server-1 held it from \d.000 s, server-2/.test(message)) ?? findings[0]
  expect(finding).toMatchObject({ blame, story })
})

test('the lock is told from its fence counter and from the key of another name', () => {
  const findings = find(
    'single',
    a(),
    b(2000),
    key('redis-1', 999, 'incrby', 'fence:stock:7'),
    key('redis-1', 999.1, 'sample', 'fence:stock:7', { value: '1', pttlMs: -1 }),
    set('redis-1', 999.5, 'token-1', 2700, 'lock:{stock:7}'),
    key('redis-1', 1400, 'del', 'lock:{stock:77}'),
    key('redis-1', 1500, 'evicted', 'lock:{stock:7}'),
    key('redis-1', 1998, 'incrby', 'fence:stock:7'),
    set('redis-1', 1999.5, 'token-2', 2700, 'lock:{stock:7}'),
  )
  expect(findings).toMatchObject([{ blame: 'topology', count: 1 }])
})

test('the lock is told from the line of those who wait for it, which holds their tokens', () => {
  const waits = (t: number, token: string) => [
    key('redis-1', t, 'zadd', 'seen:{stock:7}'),
    key('redis-1', t + 0.1, 'sample', 'seen:{stock:7}', { value: token, pttlMs: 600 }),
    key('redis-1', t + 50, 'zrem', 'seen:{stock:7}'),
    key('redis-1', t + 50, 'del', 'seen:{stock:7}'),
  ]
  const findings = find(
    'single',
    a({ from: 900 }),
    b(2000, { from: 1900 }),
    waits(940, 'token-1'),
    waits(945, 'token-1'),
    waits(1940, 'token-2'),
    set('redis-1', 999.5, 'token-1'),
    key('redis-1', 1500, 'evicted'),
    set('redis-1', 1999.5, 'token-2'),
  )
  expect(findings).toMatchObject([{ blame: 'topology' }])
})

test('a hold whose key was set twice on the way (a retry) is anchored at the last', () => {
  const findings = find(
    'single',
    a({ from: 900 }),
    b(2000),
    set('redis-1', 950, 'token-1'),
    key('redis-1', 960, 'del'),
    set('redis-1', 999.5, 'token-1'),
    key('redis-1', 1500, 'evicted'),
    set('redis-1', 1999.5, 'token-2'),
  )
  expect(findings).toMatchObject([{ blame: 'topology' }])
})

test('a killed server believes until its death and no longer', () => {
  const dead = hold({ op: 1, process: 'server-1/vu-1', at: 1000 })
  const expired = [set('redis-1', 999.5, 'token-1'), key('redis-1', 3700, 'expired'), set('redis-1', 3999.5, 'token-2')]
  expect(find('single', dead, topology(1200, 'down', 'server-1'), b(4000), ...expired)).toEqual([])
  expect(find('single', dead, b(4000), ...expired)).toMatchObject([{ blame: 'holder' }])
})

test('a vote that was taken back before the grant is not the one that counted', () => {
  const findings = find(
    'redlock',
    a({ from: 900 }),
    b(1500),
    ...trio(999, 'token-1', 1),
    set('redis-2', 950, 'token-1'),
    key('redis-2', 960, 'del'),
    set('redis-2', 1000.5, 'token-1'),
    key('redis-2', 1200, 'evicted'),
    ...trio(1499, 'token-2', 2, 3),
  )
  expect(findings).toMatchObject([{ blame: 'topology', story: "redis-2 evicted server-1's key at 1.200 s" }])
})

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

test('two grants in turn that were not sampled have not written the same, and a moved clock may have taken the first', () => {
  const told = set('redis-1', 100, 'token-1')
  const unsampled = [
    key('redis-1', 1030, 'set'),
    key('redis-1', 1050, 'expire'),
    key('redis-1', 1128.4, 'expired'),
    key('redis-1', 1128.5, 'set'),
    key('redis-1', 1129, 'del'),
  ]
  const events = [a(), b(1040, { from: 900 }), told, key('redis-1', 800, 'del'), unsampled]
  expect(find('single', ...events, fault(7, 'clock-jump', 'redis-1', 500, 3000))).toMatchObject([
    { blame: 'topology', story: 'the clock of redis-1 was moved at 0.500 s, which ended the key early' },
  ])
  expect(find('single', ...events)).toMatchObject([{ blame: 'lock' }])
})

test('an extension that says yes to what had expired', () => {
  const events = [
    a(),
    extend('server-1/vu-1', 5, 1, 4100, 4102),
    b(4000),
    set('redis-1', 999.5, 'token-1'),
    key('redis-1', 3700, 'expired'),
    set('redis-1', 3999.5, 'token-2'),
  ]
  expect(find('single', ...events)).toMatchObject([
    {
      blame: 'lock',
      story:
        "server-1's key expired on redis-1 at 3.700 s, and the lock said yes to an extension that was asked for at 4.100 s",
    },
  ])
})

test('a lock that renews by itself, and did not', () => {
  const blame = (...more: (Event | Event[])[]) => {
    const events = history(
      a(),
      b(4000),
      set('redis-1', 999.5, 'token-1'),
      key('redis-1', 3700, 'expired'),
      set('redis-1', 3999.5, 'token-2'),
      ...more,
      end(20_000),
    )
    return exclusion.check({ ...evidence('single', events), autoExtend: true })[0]!
  }
  /** It serves others all the time. */
  const alive = Array.from({ length: 40 }, (_, i) =>
    event(i * 100, 'server-1/vu-9', 'fail', 'acquire', 100 + i, 'stock:1', { error: 'contended' }),
  )
  expect(blame(alive)).toMatchObject({ blame: 'lock' })
  expect(blame(alive).message).toContain(
    'which the lock had promised to renew (autoExtend), and nothing kept it from that',
  )
  expect(blame(alive, fault(7, 'partition', 'server-1→redis-1', 1500, 1800))).toMatchObject({ blame: 'lock' })
  expect(blame(alive, fault(7, 'partition', 'server-1→redis-1', 3000, 3500))).toMatchObject({ blame: 'holder' })
  // Its server stood still.
  expect(blame(alive.slice(0, 25))).toMatchObject({ blame: 'holder' })
})

const trio = (t: number, token: string, ...nodes: number[]) => nodes.map((n) => set(`redis-${n}`, t + n / 10, token))

test.each<[string, string, string | RegExp, (Event | Event[])[]]>([
  [
    'one of its two nodes restarted empty',
    'topology',
    'redis-2 died at 1.500 s and came back without the key',
    [
      ...trio(999, 'token-1', 1, 2),
      ...restart(1500, 1900, 'redis-2'),
      key('redis-2', 1901, 'sample', 'stock:7', { pttlMs: -2 }),
      ...trio(1999, 'token-2', 2, 3),
    ],
  ],
  [
    'all expired in their time',
    'holder',
    /in its time/,
    [
      ...trio(999, 'token-1', 1, 2, 3),
      ...[1, 2, 3].map((n) => key(`redis-${n}`, 3700 + n, 'expired')),
      ...trio(3999, 'token-2', 1, 2, 3),
    ],
  ],
  [
    'no majority at all',
    'lock',
    "server-2's grant has 1 of 3 nodes, which is no majority",
    [...trio(999, 'token-1', 1, 2), ...trio(1999, 'token-2', 3)],
  ],
  [
    'overwritten on the shared node',
    'lock',
    "server-1's key on redis-2 was overwritten at 1.999 s",
    [...trio(999, 'token-1', 1, 2), ...trio(1999, 'token-2', 2, 3)],
  ],
  [
    'one evicted, but the lock overwrote two others',
    'lock',
    /overwritten/,
    [...trio(999, 'token-1', 1, 2, 3), key('redis-1', 1500, 'evicted'), ...trio(1999, 'token-2', 1, 2, 3)],
  ],
  [
    'one evicted was enough',
    'topology',
    "redis-2 evicted server-1's key at 1.500 s",
    [...trio(999, 'token-1', 1, 2), key('redis-2', 1500, 'evicted'), ...trio(1999, 'token-2', 2, 3)],
  ],
])('redlock: %s → %s', (_, blame, story, events) => {
  const late = events.flat().some((event) => event.f === 'key' && event.t > 3e9)
  const [finding] = find('redlock', a(), b(late ? 4000 : 2000), ...events)
  expect(finding!.blame).toBe(blame)
  expect(finding!.story).toMatch(story)
})

test('an acquire that nobody knows of overlaps with nothing', () => {
  const unknown = [
    event(1000, 'server-1/vu-1', 'invoke', 'acquire', 1, 'stock:7', { ttlMs: 2700 }),
    event(1010, 'server-1/vu-1', 'info', 'acquire', 1, 'stock:7', { error: 'timeout' }),
  ]
  expect(find('single', unknown, b(2000))).toEqual([])
})

function restart(from: number, to: number, node = 'redis-1'): Event[] {
  return [
    key(node, from, 'gap', ''),
    topology(from, 'down', node),
    topology(to, 'up', node),
    key(node, to, 'resync', '', { value: 'restarted' }),
  ]
}

test('a token that the lock does not store leaves the blame to the times', () => {
  const stored = [
    set('redis-1', 999.5, 'sha-of-1'),
    key('redis-1', 3700, 'expired'),
    set('redis-1', 3999.5, 'sha-of-2'),
  ]
  expect(find('single', a(), b(4000), ...stored)).toMatchObject([{ blame: 'holder' }])
  const taken = [set('redis-1', 999.5, 'sha-of-1'), key('redis-1', 1500, 'evicted'), set('redis-1', 1999.5, 'sha-of-2')]
  expect(find('single', a(), b(2000), ...taken)).toMatchObject([{ blame: 'topology' }])
})

test('a lease in whole milliseconds of another clock is not early', () => {
  const expiredAfter = (ms: number) => [
    set('redis-1', 999.5, 'token-1'),
    key('redis-1', 999.2 + ms, 'expired'),
    set('redis-1', 3999.5, 'token-2'),
  ]
  const quick = a({ from: 999 })
  expect(find('single', quick, b(4000), ...expiredAfter(2698))).toMatchObject([{ blame: 'holder' }])
  expect(find('single', quick, b(4000), ...expiredAfter(2600))).toMatchObject([{ blame: 'lock' }])
})
