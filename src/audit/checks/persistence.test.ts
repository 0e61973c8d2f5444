import { expect, test } from 'vitest'
import { found } from '../../../test/support/facts.ts'
import { persistence } from './persistence.ts'

const always = { appendonly: 'yes', appendfsync: 'always', save: '3600 1' }
const failed = { rdb_last_bgsave_status: 'err' }

test.each([
  ['every write is on the disk', {}, always, []],
  ['nothing was told', {}, {}, []],
  ['no persistence', {}, { appendonly: 'no', save: '' }, ['medium: a restart forgets the locks that are held']],
  ['by INFO alone', { aof_enabled: 0 }, {}, ['medium: a restart forgets the locks that are held']],
  [
    'a second may be lost',
    {},
    { ...always, appendfsync: 'everysec' },
    ['low: a crash forgets the locks of the last second'],
  ],
  [
    'a failed snapshot',
    failed,
    always,
    ['high: the last snapshot failed, and Redis refuses every write until one succeeds (MISCONF)'],
  ],
  [
    'a failed snapshot that stops nobody',
    failed,
    { ...always, 'stop-writes-on-bgsave-error': 'no' },
    ['medium: the last snapshot failed'],
  ],
  ['a failed snapshot where none is scheduled', failed, { ...always, save: '' }, ['medium: the last snapshot failed']],
  [
    'a full disk',
    { aof_enabled: 1, aof_last_write_status: 'err' },
    always,
    ['high: the append-only file could not be written, and Redis refuses every write until it can (MISCONF)'],
  ],
  ['an append-only file that is off', { aof_enabled: 0, aof_last_write_status: 'err' }, always, []],
])('%s', (_, info, config, expected) => {
  expect(found(persistence, { info, config })).toEqual(expected)
})
