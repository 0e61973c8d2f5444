import { randomBytes } from 'node:crypto'
import { Redis, type RedisOptions } from 'ioredis'
import { isDefinite } from '../definite.ts'
import { openBreaker } from './breaker.ts'
import { count, noCounts } from './counters.ts'
import type { Counters, LockEvent } from './events.ts'
import { HeldLock } from './held-lock.ts'
import { newToken } from './lease.ts'
import type { Connect } from './node.ts'
import { checkKey, checkLocksOptions, checkTtl, checkWait } from './options.ts'
import type { AcquireOptions, LocksOptions, RedisAt } from './options.ts'
import { policies } from './policies/index.ts'
import type { FallbackPolicy } from './policy.ts'
import { quorum } from './strategies/quorum.ts'
import { oneRedis } from './strategies/single.ts'
import type { Keeper, Strategy } from './strategy.ts'
import { type Lease, type Want, waitingRoom } from './waiting.ts'

export type { AcquireOptions, LocksOptions, RedisAt } from './options.ts'
export type { BreakerOptions } from './breaker.ts'
export type { Counters, LockEvent, LossReason } from './events.ts'
export type { FallbackGrant, FallbackPolicy, FallbackRequest } from './policy.ts'
export { type HeldLock, LockLostError } from './held-lock.ts'
export { isDefinite } from '../definite.ts'

/** Somebody else had the lock until `waitMs` was over: definitely not held. */
export class ContendedError extends Error {
  override name = 'ContendedError'
  readonly definite = true
  constructor(key: string, waitMs: number) {
    super(waitMs > 0 ? `others held ${key} for ${waitMs} ms` : `somebody else holds ${key}`)
  }
}

/** Locks on one Redis, or one quorum; one per process is enough. */
export interface Locks extends AsyncDisposable {
  /**
   * Rejects with a ContendedError where somebody else had it until `waitMs` was over, with a UsageError for bad options, with the reason
   * of `signal`, and with Redis' own error when Redis could not say: `isDefinite(error)` tells that nothing was applied. What may
   * have been applied is taken back in the background.
   */
  acquire(key: string, options: AcquireOptions): Promise<HeldLock>
  /** `null` where `acquire` rejects with a ContendedError. */
  tryAcquire(key: string, options: AcquireOptions): Promise<HeldLock | null>
  /** What happened so far. */
  counters(): Counters
  /** Resolves once Redis is connected, or after `timeoutMs`. Nobody has to wait for it. */
  ready: Promise<void>
  /** Ends all waiting. What is held is neither renewed nor given back: whoever works under it does that. */
  close(): Promise<void>
}

export function createLocks(options: LocksOptions): Locks {
  checkLocksOptions(options)
  const { maxHoldMs = 60_000, onEvent } = options
  const policy = policyOf(options)
  const bare = strategyOf(options)
  const strategy = policy.guard?.(bare) ?? bare
  const breaker = options.breaker && openBreaker(options.breaker)
  const room = waitingRoom(strategy, breaker, policy.patienceMs)
  const counters = noCounts()
  breaker?.onState((state) => report({ type: 'breaker', state }))

  function report(event: LockEvent): void {
    count(counters, event)
    try {
      onEvent?.(event)
    } catch {
      // The hook's own business; a lock must not fail for it.
    }
  }

  const onRedis = { keeper: strategy, release: room.release, forget: room.forget }

  async function tryAcquire(key: string, asked: AcquireOptions): Promise<HeldLock | null> {
    const { ttlMs, waitMs = 0, signal, renew = true } = asked
    checkKey(key)
    checkTtl(ttlMs)
    checkWait(waitMs)
    const startedMs = performance.now()
    const want: Want = { key, ttlMs, waitMs, signal, attempts: 0 }
    const told = () => ({ key, waitedMs: performance.now() - startedMs, attempts: want.attempts })

    try {
      let lease: Lease | null
      let fallback: { keeper: Keeper; fallback: string } | undefined
      try {
        lease = await room.acquire(want)
      } catch (failure) {
        if (signal?.aborted) throw failure
        report({ type: 'fallback', key, policy: policy.name, error: failure as Error })
        const grant = await askPolicy(want, failure as Error, startedMs)
        lease = grant && grant.lease
        if (grant?.keeper) fallback = { keeper: grant.keeper, fallback: policy.name }
      }
      if (!lease) {
        report({ type: 'contended', ...told() })
        return null
      }
      const { fence } = lease
      report({
        type: 'acquired',
        ...told(),
        ...(fence !== undefined && { fence }),
        ...(fallback && { fallback: fallback.fallback }),
      })
      return new HeldLock({ lease, ttlMs, renew, maxHoldMs, ...(fallback ?? onRedis) }, report)
    } catch (reason) {
      const error = reason as Error
      report({ type: 'failed', ...told(), definite: isDefinite(error), error })
      throw error
    }
  }

  /** With the keeper of what was given elsewhere; without, Redis gave it after all. */
  async function askPolicy(
    want: Want,
    failure: Error,
    startedMs: number,
  ): Promise<{ lease: Lease; keeper?: Keeper } | null> {
    const { key, ttlMs, waitMs, signal } = want
    const tried = { ...want }
    // The very object: the waiting room knows its leases by identity.
    let onRedisAfterAll: Lease | undefined
    const grant = await policy.acquire({
      key,
      token: newToken(),
      ttlMs,
      waitMs: Math.max(0, startedMs + waitMs - performance.now()),
      signal: signal ?? never,
      failure,
      async again(waitMs) {
        tried.waitMs = waitMs
        const lease = await room.acquire(tried).finally(() => (want.attempts = tried.attempts))
        onRedisAfterAll = lease ?? undefined
        return lease && { ...lease, keeper: strategy }
      },
      report,
    })
    if (!grant) return null
    const { keeper, ...given } = grant
    return keeper === strategy && onRedisAfterAll ? { lease: onRedisAfterAll } : { lease: { key, ...given }, keeper }
  }

  let closing: Promise<void> | undefined
  const close = () =>
    (closing ??= (async () => {
      await room.close()
      await policy.close?.()
    })())

  return {
    tryAcquire,
    async acquire(key, asked) {
      const lock = await tryAcquire(key, asked)
      if (!lock) throw new ContendedError(key, asked.waitMs ?? 0)
      return lock
    },
    counters: () => ({ ...counters }),
    ready: strategy.ready,
    close,
    [Symbol.asyncDispose]: close,
  }
}

const never = new AbortController().signal

function policyOf({ fallback = 'failFast', ...options }: LocksOptions): FallbackPolicy {
  return typeof fallback === 'string' ? policies[fallback](options) : fallback
}

function strategyOf(options: LocksOptions): Strategy {
  const { redis, waitReplicas = 0, restartGuardMs = 0 } = options
  const process = randomBytes(8).toString('hex')
  if (Array.isArray(redis) && redis.length > 1) {
    const { timeoutMs = 250 } = options
    return quorum({ connects: redis.map(connectTo), process, timeoutMs, restartGuardMs })
  }
  const at = Array.isArray(redis) ? redis[0]! : redis
  const name = options.strategy === 'sentinel' || (typeof at === 'object' && at.sentinels) ? 'sentinel' : 'single'
  return oneRedis(name, { connect: connectTo(at), process, timeoutMs: options.timeoutMs ?? 1000, waitReplicas })
}

/** Our own settings go over the user's: they are what makes a failure definite or not. */
function connectTo(at: RedisAt): Connect {
  if (typeof at === 'function') return at
  return (given) => {
    // ioredis' constructor wants no undefined in replyMapping; its default is named.
    const { replyMapping = 'legacy', ...rest }: RedisOptions = typeof at === 'string' ? given : { ...at, ...given }
    const settings = { ...rest, replyMapping }
    return typeof at === 'string' ? new Redis(at, settings) : new Redis(settings)
  }
}
