import { expect, test } from 'vitest'
import { createLocks, type LocksOptions } from '../locks.ts'

const redis = 'redis://127.0.0.1:1'

test.each<[Partial<LocksOptions>, string]>([
  [{ fallback: 'queue', queueLength: 0 }, 'queueLength must be a whole number from 1, not 0'],
  [{ fallback: 'queue', queueMs: Number.NaN }, 'queueMs must be a whole number from 1, not NaN'],
  [
    { fallback: 'database' },
    'the fallback "database" needs the option databaseUrl: postgres://user@host:port/database',
  ],
  [{ fallback: 'database', databaseUrl: 'mysql://host' }, 'needs the option databaseUrl'],
  [{ databaseConnections: -1 }, 'databaseConnections must be a whole number from 1, not -1'],
  [{ breaker: { failureRate: 1 } }, 'failureRate must be a number above 0 and below 1, not 1'],
  [{ breaker: { probes: 0 } }, 'probes must be a whole number from 1, not 0'],
])('%o', (options, sentence) => {
  expect(() => createLocks({ redis, ...options })).toThrow(sentence)
})
