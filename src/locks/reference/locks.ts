import { randomBytes } from 'node:crypto'
import { Redis, type RedisOptions } from 'ioredis'
import { isDefinite } from '../definite.ts'
import { openBreaker } from './breaker.ts'
import { count, noCounts } from './counters.ts'
import type { Counters, LockEvent } from './events.ts'
import { HeldLock, type Holding } from './held-lock.ts'
import { type Lease, newToken } from './lease.ts'
import type { Connect } from './node.ts'
import { checkKey, checkLocksOptions, checkTtl, checkWait } from './options.ts'
import type { AcquireOptions, LocksOptions, RedisAt } from './options.ts'
import { policies } from './policies/index.ts'
import type { FallbackPolicy } from './policy.ts'
import { quorum } from './strategies/quorum.ts'
import { oneRedis } from './strategies/single.ts'
import type { Strategy } from './strategy.ts'
import type { Want } from './waiter.ts'
import { waitingRoom } from './waiting.ts'

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

  const { release, forget } = room

  function tryAcquire(key: string, asked: AcquireOptions): Promise<HeldLock | null> {
    const { ttlMs, waitMs = 0, signal, renew = true } = asked
    try {
      checkKey(key)
      checkTtl(ttlMs)
      checkWait(waitMs)
    } catch (error) {
      return Promise.reject(error as Error)
    }
    const want: Want = { key, ttlMs, waitMs, signal, startedMs: performance.now(), attempts: 0 }
    return room.acquire(want).then(
      (lease) => granted(want, lease && { lease, keeper: strategy, release, forget }, renew),
      (failure: Error) => (signal?.aborted ? failed(want, failure) : otherwise(want, failure, renew)),
    )
  }

  function granted(want: Want, given: Given | null, renew: boolean): HeldLock | null {
    const { key, ttlMs, attempts } = want
    const startedMs = performance.now()
    const waitedMs = startedMs - want.startedMs
    if (!given) {
      report({ type: 'contended', key, waitedMs, attempts })
      return null
    }
    const { fence } = given.lease
    const event: Extract<LockEvent, { type: 'acquired' }> = { type: 'acquired', key, waitedMs, attempts }
    if (fence !== undefined) event.fence = fence
    if (given.fallback !== undefined) event.fallback = given.fallback
    report(event)
    return new HeldLock({ ...given, ttlMs, renew, maxHoldMs, startedMs }, report)
  }

  function failed({ key, startedMs, attempts }: Want, error: Error): never {
    const waitedMs = performance.now() - startedMs
    report({ type: 'failed', key, waitedMs, attempts, definite: isDefinite(error), error })
    throw error
  }

  /** Redis could not say. */
  async function otherwise(want: Want, failure: Error, renew: boolean): Promise<HeldLock | null> {
    report({ type: 'fallback', key: want.key, policy: policy.name, error: failure })
    try {
      return granted(want, await askPolicy(want, failure), renew)
    } catch (error) {
      return failed(want, error as Error)
    }
  }

  /** What the policy gave: elsewhere, or on Redis after all. */
  async function askPolicy(want: Want, failure: Error): Promise<Given | null> {
    const { key, ttlMs, waitMs, signal, startedMs } = want
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
        tried.startedMs = performance.now()
        const lease = await room.acquire(tried).finally(() => (want.attempts = tried.attempts))
        onRedisAfterAll = lease ?? undefined
        return lease && { ...lease, keeper: strategy }
      },
      report,
    })
    if (!grant) return null
    const { keeper, ...given } = grant
    return keeper === strategy && onRedisAfterAll
      ? { lease: onRedisAfterAll, keeper, release, forget }
      : { lease: { key, ...given }, keeper, fallback: policy.name }
  }

  let closing: Promise<void> | undefined
  const close = () =>
    (closing ??= (async () => {
      await room.close()
      await policy.close?.()
    })())

  return {
    tryAcquire,
    acquire: (key, asked) =>
      tryAcquire(key, asked).then((lock) => {
        if (!lock) throw new ContendedError(key, asked.waitMs ?? 0)
        return lock
      }),
    counters: () => ({ ...counters }),
    ready: strategy.ready,
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** A grant, from wherever it came. */
type Given = Pick<Holding, 'lease' | 'keeper' | 'fallback' | 'release' | 'forget'>

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
