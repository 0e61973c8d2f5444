import { expect, test } from 'vitest'
import { found } from '../../../test/support/facts.ts'
import { refusedWrites } from './refused-writes.ts'

test.each([
  ['none', { errorstat_OOM: 'count=0' }, []],
  ['one', { errorstat_OOM: 'count=1' }, ['high: 1 command was refused because memory was full (OOM)']],
  [
    'of two kinds',
    { errorstat_READONLY: 'count=3', errorstat_MISCONF: 'count=2' },
    [
      'high: 2 commands were refused because a snapshot had failed (MISCONF)',
      'medium: 3 commands were refused because the node was a replica (READONLY)',
    ],
  ],
  ['what is no matter of locks', { errorstat_WRONGTYPE: 'count=9', errorstat_NOPERM: 'count=1' }, []],
  ['nothing was told', {}, []],
])('%s', (_, info, expected) => {
  expect(found(refusedWrites, { info })).toEqual(expected)
})
