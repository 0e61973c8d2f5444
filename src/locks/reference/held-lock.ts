import type { LockEvent, LossReason } from './events.ts'
import type { Keeper } from './strategy.ts'
import type { Lease } from './lease.ts'
import { soon } from './soon.ts'
import { watch, type Watch, type Watched } from './watchdog.ts'

/** Why `lost` fired. */
export class LockLostError extends Error {
  override name = 'LockLostError'
  readonly reason: LossReason
  constructor(key: string, reason: LossReason) {
    const why = {
      taken: 'Redis does not know it any more',
      expiring: 'its time is over',
      'max-hold': 'it was held for as long as it may be',
    }
    super(`the lock ${key} was lost: ${why[reason]}`)
    this.reason = reason
  }
}

/** What a holder was given, and on what terms. */
export interface Holding extends Watched {
  lease: Lease
  keeper: Keeper
  /** Of the policy that gave it, where Redis could not say. */
  fallback?: string | undefined
  /** How it is given back, where that is more than `keeper.release`. */
  release?: (lease: Lease) => Promise<boolean>
  forget?: (lease: Lease) => void
}

/** Most locks are held for less than it takes to look after them. */
const watchSoon = soon((lock: HeldLock) => beginWatch(lock))
/** A lease with less left is watched at once. */
const shortMs = 30
let beginWatch: (lock: HeldLock) => void

/**
 * A lock that is held, from its grant to its release: `await using lock = await locks.acquire(…)` gives it back at the end of the
 * block.
 */
export class HeldLock implements AsyncDisposable {
  readonly #holding: Holding
  readonly #report: (event: LockEvent) => void
  #watch: Watch | undefined
  #lost: AbortController | undefined
  #loss: LossReason | undefined
  #released: Promise<boolean> | undefined

  static {
    beginWatch = (lock) => lock.#beginWatch()
  }

  constructor(holding: Holding, report: (event: LockEvent) => void) {
    this.#holding = holding
    this.#report = report
    if (holding.lease.validUntilMs - holding.startedMs < shortMs) this.#beginWatch()
    else watchSoon(this)
  }

  #beginWatch(): void {
    if (this.#loss || this.#released) return
    const { lease, keeper } = this.#holding
    const { key, token } = lease
    this.#watch = watch(this.#holding, () => keeper.extend(key, token, this.#holding.ttlMs), {
      renewed: () => this.#report({ type: 'renewed', key, validForMs: this.validForMs }),
      failed: (error) => this.#report({ type: 'renewal-failed', key, error }),
      lost: (reason) => this.#lose(reason),
    })
  }

  get key(): string {
    return this.#holding.lease.key
  }

  /** 128 random bits: the value of the key on Redis. */
  get token(): string {
    return this.#holding.lease.token
  }

  /** A decimal integer that rises with every grant of a key: let what you write to refuse a lower one. None on a quorum. */
  get fence(): string | undefined {
    return this.#holding.lease.fence
  }

  /** The policy that gave it, where Redis could not say. */
  get fallback(): string | undefined {
    return this.#holding.fallback
  }

  /** For how long it still holds by our own clock, ms; 0 once it is lost or released. */
  get validForMs(): number {
    if (this.#loss || this.#released) return 0
    return Math.max(0, Math.floor(this.#holding.lease.validUntilMs - performance.now()))
  }

  /**
   * Fires, with a LockLostError as its reason, before the lease can have ended. A process that was stopped for longer than that cannot be
   * told in time: it finds the signal aborted when it looks here, and `validForMs` 0.
   */
  get lost(): AbortSignal {
    this.#lost ??= new AbortController()
    if (!this.#loss && !this.#released && performance.now() >= this.#holding.lease.validUntilMs) this.#lose('expiring')
    else if (this.#loss && !this.#lost.signal.aborted) this.#lost.abort(new LockLostError(this.key, this.#loss))
    return this.#lost.signal
  }

  /**
   * From now on for `ttlMs`. `false`: it was lost, or was held for `maxHoldMs`. A rejection leaves open whether it was extended, unless
   * `definite` is true; the lease then stands as it stood.
   */
  async extend(ttlMs = this.#holding.ttlMs): Promise<boolean> {
    const { lease, keeper } = this.#holding
    const heldMs = performance.now() - this.#holding.startedMs
    if (this.validForMs === 0 || heldMs >= this.#holding.maxHoldMs) return false
    const extension = await keeper.extend(lease.key, lease.token, ttlMs)
    if (this.#loss || this.#released) return false
    if (!extension) {
      this.#lose('taken')
      return false
    }
    lease.validUntilMs = extension.validUntilMs
    this.#holding.ttlMs = ttlMs
    this.#watch?.moved()
    this.#report({ type: 'renewed', key: lease.key, validForMs: this.validForMs })
    return true
  }

  /** Once; later calls get the same answer. `false`: it was no longer ours. Whatever it answers, the lock is over. */
  release(): Promise<boolean> {
    this.#released ??= this.#release()
    return this.#released
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // What the work under the lock came to is what counts; a release that failed is told as an event, and cleaned up.
    await this.release().catch(() => {})
  }

  #release(): Promise<boolean> {
    const { lease, keeper, release, startedMs } = this.#holding
    const { key } = lease
    const heldMs = performance.now() - startedMs
    const freed = release ? release(lease) : keeper.release(key, lease.token)
    // After the request is on its way: others wait for it.
    this.#watch?.stop()
    return freed.then(
      (stillOurs) => {
        this.#report({ type: 'released', key, heldMs, stillOurs })
        return stillOurs
      },
      (error: Error) => {
        this.#report({ type: 'release-failed', key, heldMs, error })
        throw error
      },
    )
  }

  #lose(reason: LossReason): void {
    if (this.#loss || this.#released) return
    this.#loss = reason
    this.#watch?.stop()
    const { lease, forget } = this.#holding
    this.#lost?.abort(new LockLostError(lease.key, reason))
    this.#report({ type: 'lost', key: lease.key, heldMs: performance.now() - this.#holding.startedMs, reason })
    forget?.(lease)
  }
}
