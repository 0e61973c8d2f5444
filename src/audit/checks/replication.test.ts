import { expect, test } from 'vitest'
import { found } from '../../../test/support/facts.ts'
import { replication } from './replication.ts'

const group = { group: 'shop', quorum: 2, downAfterMs: 1000, otherSentinels: 2, replicas: 1 }
const guarded = { 'min-replicas-to-write': 1 }
const slave = (offset: number, state = 'online') => `ip=10.0.0.6,port=6379,state=${state},offset=${offset},lag=0`
const follower = {
  role: 'slave',
  master_host: '10.0.0.5',
  master_port: 6379,
  master_link_status: 'up',
  slave_read_only: 1,
}

test.each([
  ['alone, by design', { role: 'master', connected_slaves: 0 }, { 'min-replicas-to-write': 0 }, []],
  ['a replica in step', { connected_slaves: 1, master_repl_offset: 1_048_575, slave0: slave(0) }, guarded, []],
  [
    'a megabyte behind',
    { connected_slaves: 1, master_repl_offset: 1_048_576, slave0: slave(0) },
    guarded,
    ['medium: the replica 10.0.0.6:6379 is 1.0 MiB behind: promoted now, it would not know the newest locks'],
  ],
  [
    'a replica that is still copied to',
    { connected_slaves: 1, slave0: slave(0, 'send_bulk') },
    guarded,
    ['medium: the replica 10.0.0.6:6379 is not in step (send_bulk): promoted now, it would not know the newest locks'],
  ],
  [
    'nobody needs to follow',
    { connected_slaves: 1, slave0: slave(0) },
    { 'min-replicas-to-write': 0 },
    ['medium: a primary that is cut off from its replicas goes on granting locks (min-replicas-to-write is 0)'],
  ],
  ['CONFIG GET is not allowed, and a replica not described', { connected_slaves: 1 }, {}, []],
  ['a replica', follower, {}, ['medium: this node is a replica, which takes no locks']],
  [
    'a replica that is written to, and has lost its primary',
    { ...follower, slave_read_only: 0, master_link_status: 'down' },
    {},
    ['high: this node is a replica that accepts writes: a lock taken here is no lock, and has lost its primary'],
  ],
])('%s', (_, info, config, expected) => {
  expect(found(replication, { info, config })).toEqual(expected)
})

test('Sentinels without a replica have nobody to promote', () => {
  const info = { role: 'master', connected_slaves: 0 }
  expect(found(replication, { info, config: guarded, sentinels: group })).toEqual([
    'medium: no replica follows the primary: a failover has nobody to promote',
  ])
})
