import { breaker } from './breaker.ts'
import type { CounterMeasure } from './counter-measure.ts'
import { databaseLock } from './database-lock.ts'
import { failFast } from './fail-fast.ts'
import { fencing } from './fencing.ts'
import { optimistic } from './optimistic.ts'
import { queue } from './queue.ts'
import { redlock } from './redlock.ts'
import { ttlLimit } from './ttl-limit.ts'
import { waitReplicas } from './wait-replicas.ts'

/** The registry: a new counter-measure is one file and one line here. They are run and told in this order. */
export const counterMeasures = {
  'ttl-limit': ttlLimit,
  'fail-fast': failFast,
  queue,
  'circuit-breaker': breaker,
  'wait-replicas': waitReplicas,
  redlock,
  fencing,
  'database-lock': databaseLock,
  'optimistic-lock': optimistic,
} satisfies Record<string, CounterMeasure>
