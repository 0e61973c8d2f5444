import { expect, test } from 'vitest'
import { found } from '../../../test/support/facts.ts'
import { memoryLimit } from './memory-limit.ts'

test.each([
  ['room', { used_memory: 79, maxmemory: 100 }, {}, []],
  ['near', { used_memory: 80, maxmemory: 100 }, {}, ['medium: 80 % of maxmemory is used']],
  ['full', { used_memory: 95, maxmemory: 100 }, {}, ['high: 95 % of maxmemory is used']],
  [
    'no limit',
    { used_memory: 79, maxmemory: 0 },
    {},
    ['medium: maxmemory is not set: Redis grows until the operating system kills it, and every lock is gone at once'],
  ],
  ['the limit by CONFIG GET', { used_memory: 95 }, { maxmemory: 100 }, ['high: 95 % of maxmemory is used']],
  ['nothing was told', {}, {}, []],
])('%s', (_, info, config, expected) => {
  expect(found(memoryLimit, { info, config })).toEqual(expected)
})
