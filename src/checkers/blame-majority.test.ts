import { expect, test } from 'vitest'
import { extend, key, set } from '../../test/support/history.ts'
import { a, b, find, restart } from '../../test/support/overlaps.ts'
import type { Event } from '../history/event.ts'

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
    'one of its two nodes restarted empty, and was written to before its observer knew that',
    'topology',
    'redis-2 died at 1.500 s and came back without the key',
    [
      ...trio(999, 'token-1', 1, 2),
      ...restart(1500, 2100, 'redis-2'),
      ...trio(1999, 'token-2', 3),
      key('redis-2', 1999, 'set'),
      key('redis-2', 2101, 'sample', 'stock:7', { value: 'token-2', pttlMs: 2600 }),
    ],
  ],
  [
    'one of its two nodes restarted empty, and a vote on it was taken back before its observer knew that',
    'topology',
    'redis-2 died at 1.500 s and came back without the key',
    [
      ...trio(999, 'token-1', 1, 2),
      ...restart(1500, 2100, 'redis-2'),
      key('redis-2', 1950, 'del'),
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

test('of deletions that were read too late one sentence is told, and nobody is accused', () => {
  const taken = (t: number, ...nodes: number[]) => nodes.map((node) => key(`redis-${node}`, t, 'del'))
  const findings = find(
    'redlock',
    a(),
    b(2000),
    ...trio(999, 'token-1', 1, 2),
    ...taken(2150, 1),
    ...taken(2160, 2),
    ...trio(2170, 'token-2', 1, 2),
  )
  expect(findings).toMatchObject([
    {
      blame: 'lock',
      story:
        "server-1's key was seen to be gone from redis-1 at 2.150 s and from redis-2 at 2.160 s, and that was told late, after server-2 had been granted it: whose call took it is not known",
    },
  ])
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

test('tries of others that no sample tells of are not votes of who has a majority without them', () => {
  const others = (node: string, t: number) => [key(node, t, 'set'), key(node, t, 'expire'), key(node, t + 0.1, 'del')]
  const findings = find(
    'redlock',
    a(),
    b(1500),
    ...trio(999, 'token-1', 1, 3),
    ...others('redis-2', 1100),
    ...restart(1200, 1400, 'redis-1'),
    key('redis-1', 1401, 'sample', 'stock:7', { pttlMs: -2 }),
    ...trio(1499, 'token-2', 1, 2),
    key('redis-3', 1590, 'del'),
    ...others('redis-3', 1600),
  )
  expect(findings).toMatchObject([
    { blame: 'topology', story: 'redis-1 died at 1.200 s and came back without the key' },
  ])
})

const away = (from: number, to: number) => ['redis-1', 'redis-3'].flatMap((node) => restart(from, to, node))
const backEmpty = (t: number) => ['redis-1', 'redis-3'].map((node) => key(node, t, 'sample', 'stock:7', { pttlMs: -2 }))

test.each<[string, string, string | RegExp, Event[]]>([
  [
    'was extended while two of three were dead',
    'lock',
    'server-1 was told at 2.501 s that its lease was extended, while redis-1 and redis-3 were dead: no majority can have said so',
    [...extend('server-1/vu-1', 11, 1, 2500, 2501), ...extend('server-1/vu-1', 12, 1, 3800, 3801)],
  ],
  [
    'was extended before they died',
    'topology',
    /came back without the key/,
    [...extend('server-1/vu-1', 11, 1, 1900, 1901)],
  ],
  [
    'was extended so late that they may have been back',
    'topology',
    /came back without the key/,
    [...extend('server-1/vu-1', 11, 1, 1900, 1901), ...extend('server-1/vu-1', 12, 1, 3600, 3601)],
  ],
])('redlock: a holder that %s → %s', (_, blame, story, extensions) => {
  const findings = find(
    'redlock',
    a(),
    extensions,
    b(4500),
    ...trio(999, 'token-1', 1, 2, 3),
    ...away(2000, 4000),
    ...backEmpty(4001),
    ...trio(4499, 'token-2', 1, 3),
  )
  expect(findings).toMatchObject([{ blame, story: expect.stringMatching(story) as unknown }])
})
