import { UsageError } from '../../lib/failure.ts'
import type { RedisOptions } from 'ioredis'
import type { BreakerOptions } from './breaker.ts'
import type { LockEvent } from './events.ts'
import { ttlMaxMs, ttlMinMs } from './lease.ts'
import type { Connect } from './node.ts'
import type { FallbackPolicy } from './policy.ts'
import type { PolicyName, PolicyOptions } from './policies/index.ts'
import { policies } from './policies/index.ts'
import type { Strategy } from './strategy.ts'

/** A URL (`redis://…`), ioredis' options, or a function that makes a client with the options that it is given added to its own. */
export type RedisAt = string | RedisOptions | Connect

export interface LocksOptions extends PolicyOptions {
  /** One Redis, or the nodes of a quorum; with `sentinels` and `name` in ioredis' options, the primary that Sentinel points to. */
  redis: RedisAt | RedisAt[]
  /** Only where it cannot be seen from `redis`. */
  strategy?: Strategy['name']
  /** How long one call to one Redis may take (1000; on a quorum 250, which must stay well below the TTL). */
  timeoutMs?: number
  /** A grant counts only once so many replicas have it (0). Not on a quorum. With a `timeoutMs` below 150 a refusal by the replicas may be indefinite. */
  waitReplicas?: number
  /** On a quorum: how long a node that restarted gives no votes (0); as long as the largest TTL, if nodes do not keep their data. */
  restartGuardMs?: number
  /** How long a lock is renewed at most (60 000). */
  maxHoldMs?: number
  /** What to do when Redis cannot say (failFast). */
  fallback?: PolicyName | FallbackPolicy
  /** A circuit breaker around the tries on Redis; `{}` for its defaults. Without, there is none. */
  breaker?: Partial<BreakerOptions>
  /** Told at once; what it throws is ignored. */
  onEvent?: (event: LockEvent) => void
}

export interface AcquireOptions {
  /** 10 to 10 000: how long the lock outlives a holder that dies. */
  ttlMs: number
  /** How long to wait for other holders (0: one try). */
  waitMs?: number
  /** Ends the waiting at once: `acquire` rejects with its reason. */
  signal?: AbortSignal
  /** Renew it while it is held (true). */
  renew?: boolean
}

export function checkLocksOptions(options: LocksOptions): void {
  const nodes = Array.isArray(options.redis) ? options.redis : [options.redis]
  if (nodes.length === 0 || nodes.some((node) => !node))
    throw new UsageError('redis must say where Redis is: redis://host:port')
  if (nodes.length === 2) throw new UsageError('a quorum needs three nodes or more: of two, both would have to be up')
  atLeast(1, 'timeoutMs', options.timeoutMs)
  atLeast(1, 'maxHoldMs', options.maxHoldMs)
  atLeast(0, 'restartGuardMs', options.restartGuardMs)
  atLeast(0, 'waitReplicas', options.waitReplicas)
  atLeast(1, 'queueLength', options.queueLength)
  atLeast(1, 'queueMs', options.queueMs)
  atLeast(1, 'databaseTimeoutMs', options.databaseTimeoutMs)
  atLeast(1, 'databaseConnections', options.databaseConnections)
  if (options.breaker) checkBreaker(options.breaker)
  if (nodes.length > 1 && options.waitReplicas)
    throw new UsageError('waitReplicas is not for a quorum: its nodes have no replicas')
  const { fallback } = options
  if (typeof fallback === 'string' && !Object.hasOwn(policies, fallback)) {
    throw new UsageError(`there is no fallback "${fallback}": it is one of ${Object.keys(policies).join(', ')}`)
  }
}

function checkBreaker({ failureRate = 0.6, ...counts }: Partial<BreakerOptions>): void {
  if (!(failureRate > 0 && failureRate < 1)) {
    throw new UsageError(`failureRate must be a number above 0 and below 1, not ${shown(failureRate)}`)
  }
  for (const name of ['windowTries', 'minimumTries', 'openForMs', 'probes'] as const) atLeast(1, name, counts[name])
}

export function checkKey(key: unknown): asserts key is string {
  if (typeof key !== 'string' || key === '')
    throw new UsageError(`a lock's key must be a text that is not empty, not ${shown(key)}`)
}

export function checkTtl(ttlMs: unknown): asserts ttlMs is number {
  if (Number.isInteger(ttlMs) && (ttlMs as number) >= ttlMinMs && (ttlMs as number) <= ttlMaxMs) return
  throw new UsageError(
    `ttlMs must be a whole number from ${ttlMinMs} to ${ttlMaxMs}, not ${shown(ttlMs)}: who needs a lock for longer has it renewed`,
  )
}

export function checkWait(waitMs: unknown): asserts waitMs is number {
  // Beyond, Node's timers fire at once.
  if (typeof waitMs === 'number' && waitMs >= 0 && waitMs < 2 ** 31) return
  throw new UsageError(`waitMs must be a number from 0 to ${2 ** 31 - 1}, not ${shown(waitMs)}`)
}

function atLeast(least: number, name: string, value: unknown): void {
  if (value === undefined || (Number.isInteger(value) && (value as number) >= least)) return
  throw new UsageError(`${name} must be a whole number from ${least}, not ${shown(value)}`)
}

const shown = (value: unknown) => (typeof value === 'string' ? JSON.stringify(value) : String(value))
