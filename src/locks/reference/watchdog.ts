import type { LossReason } from './events.ts'

/** `lost` fires this long before the lease can have ended, for the timer to be late and the holder to stop. */
const noticeMs = (ttlMs: number) => 3 + ttlMs * 0.02
/** After a renewal that failed the next one comes sooner, a few times before the end, and never in a storm. */
const againMs = (ttlMs: number) => Math.max(20, ttlMs / 12)

export interface Watched {
  /** By performance.now(); moves with every extension, the holder's own included. */
  lease: { validUntilMs: number }
  ttlMs: number
  /** Renew at a third of the TTL, until the lock was held for `maxHoldMs`. */
  renew: boolean
  startedMs: number
  maxHoldMs: number
}

export interface Watch {
  /** The holder extended it by itself. */
  moved(): void
  stop(): void
}

/**
 * Looks after one lease: renews it, and tells in time when it can no longer be counted on. A single failed renewal is no loss; a lease
 * that Redis no longer knows is, and is never brought back. Whatever is still under way when it is stopped is forgotten.
 */
export function watch(
  watched: Watched,
  extend: () => Promise<{ validUntilMs: number } | false>,
  told: { renewed(): void; failed(error: Error): void; lost(reason: LossReason): void },
): Watch {
  let timer: NodeJS.Timeout
  let renewing = false
  let over = false
  let renewAtMs = watched.startedMs + watched.ttlMs / 3

  const mayRenew = () => watched.renew && performance.now() < watched.startedMs + watched.maxHoldMs

  function arm(): void {
    clearTimeout(timer)
    const loseAtMs = watched.lease.validUntilMs - noticeMs(watched.ttlMs)
    const nextMs = mayRenew() && !renewing ? Math.min(renewAtMs, loseAtMs) : loseAtMs
    timer = setTimeout(tick, Math.max(0, nextMs - performance.now()))
  }

  function tick(): void {
    const nowMs = performance.now()
    if (nowMs >= watched.lease.validUntilMs - noticeMs(watched.ttlMs) - 1) {
      return lose(watched.renew && !mayRenew() ? 'max-hold' : 'expiring')
    }
    if (mayRenew() && !renewing && nowMs >= renewAtMs - 1) void renew()
    arm()
  }

  async function renew(): Promise<void> {
    renewing = true
    const sentAtMs = performance.now()
    try {
      const extension = await extend()
      if (over) return
      if (!extension) return lose('taken')
      watched.lease.validUntilMs = Math.max(watched.lease.validUntilMs, extension.validUntilMs)
      renewAtMs = sentAtMs + watched.ttlMs / 3
      told.renewed()
    } catch (error) {
      if (over) return
      renewAtMs = performance.now() + againMs(watched.ttlMs)
      told.failed(error as Error)
    } finally {
      renewing = false
    }
    arm()
  }

  function lose(reason: LossReason): void {
    stop()
    told.lost(reason)
  }

  function stop(): void {
    over = true
    clearTimeout(timer)
  }

  arm()
  return {
    moved() {
      if (over) return
      renewAtMs = performance.now() + watched.ttlMs / 3
      arm()
    },
    stop,
  }
}
