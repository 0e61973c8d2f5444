import { expect, test } from 'vitest'
import { found } from '../../../test/support/facts.ts'
import { sentinelQuorum } from './sentinel-quorum.ts'

const good = { group: 'shop', quorum: 2, downAfterMs: 10_000, otherSentinels: 2, replicas: 1 }

test.each([
  ['two of three', {}, []],
  ['three of five', { quorum: 3, otherSentinels: 4 }, []],
  ['two', { otherSentinels: 1 }, ['medium: 2 Sentinels cannot decide when one of them is away']],
  [
    'one',
    { quorum: 1, otherSentinels: 0 },
    [
      'medium: there is one Sentinel: nobody decides when it is away',
      'medium: a single Sentinel that does not see the primary may call it down (quorum 1)',
    ],
  ],
  ['all of three', { quorum: 3 }, ['medium: no failover begins when one of the 3 Sentinels is away (quorum 3)']],
  [
    'patience',
    { downAfterMs: 10_001 },
    ['low: a primary that dies is replaced after 10 s at the earliest; until then nobody gets a lock'],
  ],
])('%s', (_, of, expected) => {
  expect(found(sentinelQuorum, { sentinels: { ...good, ...of } })).toEqual(expected)
})

test('no Sentinels, nothing to say', () => {
  expect(found(sentinelQuorum, {})).toEqual([])
})
