import { expect, test } from 'vitest'
import { end, event, evidence, extend, fault, history, hold, key, set, topology } from '../../test/support/history.ts'
import { a, b, find, restart } from '../../test/support/overlaps.ts'
import type { Event } from '../history/event.ts'
import { exclusion } from './exclusion.ts'

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
    "two callers of one server held stock:7 at once, once (blame: lock). First at 2.000 s: server-1/vu-1 held it from 1.000 s, server-1/vu-2 was granted it too; server-1/vu-1's key on redis-1 was overwritten at 1.000 s, before server-1/vu-1 had its answer",
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

const deletedByRelease = [
  hold({ op: 9, process: 'server-3/vu-1', at: 100, until: 1499, validForMs: 800 }),
  a(),
  b(2000),
  set('redis-1', 999.5, 'token-1'),
  key('redis-1', 1500, 'del'),
  set('redis-1', 1999.5, 'token-2'),
]

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
    "server-1's key was deleted on redis-1 at 1.500 s, while server-3 released an earlier hold, before server-1 began to release it",
    deletedByRelease,
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
    "server-2's key was deleted on redis-1 at 1.500 s, before server-2 had its answer",
    [
      a({ at: 2000 }),
      b(2500, { from: 100 }),
      set('redis-1', 200, 'token-2'),
      key('redis-1', 1500, 'del'),
      set('redis-1', 1999.1, 'token-1'),
    ],
  ],
  [
    'read so late that nobody knows whose call it was',
    'lock',
    "server-1's key was seen to be gone from redis-1 at 2.150 s, and that was told late, after server-2 had been granted it: whose call took it is not known",
    [a(), b(2000), set('redis-1', 999.5, 'token-1'), key('redis-1', 2150, 'del'), set('redis-1', 2150.5, 'token-2')],
  ],
  [
    'read after the grant that it made possible',
    'lock',
    "server-1's key was deleted on redis-1 at 2.050 s (read 50 ms after the next grant), in the middle of server-2's acquire, before server-1 began to release it",
    [a(), b(2000), set('redis-1', 999.5, 'token-1'), key('redis-1', 2050, 'del'), set('redis-1', 2050.5, 'token-2')],
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
    'a moved clock that left nothing of the lease',
    'topology',
    'the clock of redis-1 was moved at 1.400 s, which may have ended the key early',
    [
      a(),
      b(2000),
      set('redis-1', 999.5, 'token-1'),
      fault(7, 'clock-jump', 'redis-1', 1400, 2500),
      key('redis-1', 1500, 'del'),
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
    'granted without a key, as far as an observer tells that was behind',
    'unclear',
    'what redis-1 did at that time was not seen, or too late',
    [a(), b(2000), set('redis-1', 999.5, 'token-1'), key('redis-1', 2150, 'late', '', { lagNs: 170e6 })],
  ],
  [
    'granted when the node fell silent',
    'unclear',
    'what redis-1 did at that time was not seen, or too late',
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

test('a finding names the event that it rests on, and the call that was under way', () => {
  const events = history(...deletedByRelease, end(6000))
  const [finding] = exclusion.check(evidence('single', events))
  const call = { process: 'server-3/vu-1', f: 'release', op: 1009, grant: 9 }
  expect(finding!.causes).toEqual([{ node: 'redis-1', atMs: 1500, what: "server-1's key deleted", call }])
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

test('an acquire that nobody knows of overlaps with nothing', () => {
  const unknown = [
    event(1000, 'server-1/vu-1', 'invoke', 'acquire', 1, 'stock:7', { ttlMs: 2700 }),
    event(1010, 'server-1/vu-1', 'info', 'acquire', 1, 'stock:7', { error: 'timeout' }),
  ]
  expect(find('single', unknown, b(2000))).toEqual([])
})

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
