import { definite, isDefinite } from '../definite.ts'
import { type Breaker, BreakerOpenError } from './breaker.ts'
import { jittered, type Lease, newToken } from './lease.ts'
import { calm, first, isIdle, leftMs, openQueue, type Queue, rest } from './queue.ts'
import { soon } from './soon.ts'
import type { Busy, Strategy, Taken } from './strategy.ts'
import { type Waiter, waiters } from './waiter.ts'

/** After so many grants in a row, or so long, the processes that stand in line on Redis go first. */
const turnGrants = 24
const turnMs = 200
/** Nobody who waits goes longer without a try, whatever was last heard of the holder: messages may be lost. */
const netMs = 500
/** Who let the head of the line go first tries again after this time, which is longer than a turn: the head may be stopped. */
const courtesyMs = 250
/** Between tries while Redis fails, or while no news can be heard. */
const retryMs = 20
/** After a release that was no hand-over: whom it woke goes first. */
const restMs = 4
/** What a lease may last on Redis beyond our own count. */
const slackMs = 150

/** What is asked of Redis for the queues of a process: tries for the first one of each, and the way of the lock from caller to caller. */
export interface Asking {
  readonly queues: Map<string, Queue>
  queueOf(key: string): Queue
  /** A caller joins the queue. */
  join(queue: Queue, ...caller: Parameters<ReturnType<typeof waiters>['open']>): void
  /** It may be this process' turn. */
  turn(queue: Queue): void
  /** For the first caller, unless somebody's try is under way. */
  ask(queue: Queue): void
  release(lease: Lease): Promise<boolean>
  /** Forgets a queue that nobody needs. */
  tidy(queue: Queue): void
  /** The caller gets this answer, and his try, if any, is cleaned up after. */
  dismiss(queue: Queue, waiter: Waiter, reason: unknown): void
  /** One request, if the breaker lets it. */
  attempt<Result>(work: () => Promise<Result>): Promise<Result>
}

/** @param patienceMs after so long of failing tries a caller is told, though it could wait longer */
export function asking(strategy: Strategy, breaker: Breaker | undefined, patienceMs: number): Asking {
  const queues = new Map<string, Queue>()
  const callers = waiters(
    (waiter) => {
      const queue = queueOf(waiter.want.key)
      dismiss(queue, waiter, waiter.want.signal?.reason)
      tidy(queue)
    },
    (waiter) => {
      waiter.overdue = true
      const queue = queueOf(waiter.want.key)
      if (queue.asking === waiter) return
      giveUp(queue, waiter)
      tidy(queue)
    },
  )
  // Not at once: a key that is wanted often would need a queue for each call.
  const forgetSoon = soon((queue: Queue) => {
    queue.leaving = false
    if (isIdle(queue)) queues.delete(queue.key)
  })
  // Should nobody release it.
  const netSoon = soon((queue: Queue) => {
    if (!queue.alarm && queue.held && queue.waiters.size > 0) setAlarm(queue, leftMs(queue) + jittered(4))
  })
  const attempt = <Result>(work: () => Promise<Result>) => (breaker ? breaker.execute(work) : work())

  function queueOf(key: string): Queue {
    let queue = queues.get(key)
    if (!queue) queues.set(key, (queue = openQueue(key)))
    return queue
  }

  function turn(queue: Queue): void {
    if (queue.held) return
    queue.place = 'front'
    if (queue.asking) queue.stale = true
    else ask(queue)
  }

  function ask(queue: Queue): void {
    const waiter = first(queue)
    if (!waiter || queue.asking) return
    begin(queue, waiter)
    const { token, want } = waiter
    attempt(() => strategy.tryAcquire(queue.key, token, want.ttlMs, queue.place)).then(
      (answer) => {
        queue.grants = 0
        queue.sinceMs = performance.now()
        answered(queue, waiter, answer)
      },
      (error: Error) => failed(queue, waiter, error),
    )
  }

  function begin(queue: Queue, waiter: Waiter): void {
    queue.asking = waiter
    queue.stale = false
    waiter.want.attempts++
  }

  function answered(queue: Queue, waiter: Waiter, answer: Taken | Busy): void {
    queue.asking = undefined
    queue.failing = undefined
    if (answer.taken) return granted(queue, waiter, answer)
    if (waiter.overdue) giveUp(queue, waiter)
    else if (waiter.settled) forgetDoubt(queue, waiter)
    if (answer.spent) waiter.token = newToken()
    if (queue.stale && queue.waiters.size > 0) return ask(queue)
    queue.place = 'end'
    const { heldForMs, inLine } = answer
    if (!inLine) setAlarm(queue, jittered(retryMs))
    else setAlarm(queue, heldForMs > 0 ? Math.min(heldForMs, netMs) + jittered(4) : courtesyMs + jittered(20))
    tidy(queue)
  }

  function granted(queue: Queue, waiter: Waiter, { fence, validUntilMs }: Taken): void {
    const { key } = queue
    const { token, want } = waiter
    if (validUntilMs <= performance.now()) {
      // It came too late to be worth anything. A token whose delete is under way is not used again.
      strategy.cleanUp(key, token, validUntilMs + slackMs)
      waiter.token = newToken()
      if (waiter.overdue) giveUp(queue, waiter)
      setAlarm(queue, jittered(retryMs))
      return tidy(queue)
    }
    const lease: Lease = { key, token, fence, validUntilMs }
    queue.held = lease
    queue.place = 'end'
    queue.grants++
    queue.waiters.delete(waiter)
    if (waiter.settled) return void release(lease).catch(() => {})
    if (want.signal?.aborted) {
      callers.fail(waiter, want.signal.reason)
      return void release(lease).catch(() => {})
    }
    callers.settle(waiter, lease)
    if (!queue.alarm && queue.waiters.size > 0) netSoon(queue)
  }

  function failed(queue: Queue, waiter: Waiter, error: Error): void {
    const nowMs = performance.now()
    queue.asking = undefined
    queue.failing = { sinceMs: queue.failing?.sinceMs ?? nowMs, error }
    if (!isDefinite(error)) {
      if (waiter.settled || !strategy.reusesTokens) {
        strategy.cleanUp(queue.key, waiter.token, nowMs + waiter.want.ttlMs)
        waiter.token = newToken()
      }
      waiter.doubt = error
    }
    const { sinceMs } = queue.failing
    for (const each of queue.waiters) {
      const borneMs = nowMs - Math.max(sinceMs, each.want.startedMs)
      if (each.overdue || error instanceof BreakerOpenError || borneMs >= patienceMs) giveUp(queue, each)
    }
    setAlarm(queue, jittered(retryMs))
    tidy(queue)
  }

  /** The caller's time is over, or its patience. */
  function giveUp(queue: Queue, waiter: Waiter): void {
    queue.waiters.delete(waiter)
    forgetDoubt(queue, waiter)
    if (waiter.doubt) callers.fail(waiter, waiter.doubt)
    else if (queue.failing) {
      const { error } = queue.failing
      // Nothing was sent for this one.
      callers.fail(waiter, isDefinite(error) ? error : definite(new Error(error.message, { cause: error })))
    } else callers.settle(waiter, null)
  }

  function dismiss(queue: Queue, waiter: Waiter, reason: unknown): void {
    queue.waiters.delete(waiter)
    callers.fail(waiter, reason)
    // A try that is under way tells what to do about it when it is answered.
    if (queue.asking !== waiter) forgetDoubt(queue, waiter)
  }

  /** Frees what an earlier try of a caller who has gone may have left. */
  function forgetDoubt(queue: Queue, { doubt, token, want }: Waiter): void {
    if (doubt) strategy.cleanUp(queue.key, token, performance.now() + want.ttlMs)
  }

  /** @param ms negative where this process was stopped meanwhile: at once then */
  function setAlarm(queue: Queue, ms: number): void {
    const due = () => {
      queue.alarm = undefined
      if (leftMs(queue) > 0) return setAlarm(queue, leftMs(queue) + jittered(4))
      queue.held = undefined
      ask(queue)
    }
    clearTimeout(queue.alarm)
    queue.alarm = setTimeout(due, Math.max(0, ms))
  }

  function tidy(queue: Queue): void {
    if (queue.waiters.size > 0 || queue.asking) return
    calm(queue)
    if (!isIdle(queue)) return
    if (queue.stale) void strategy.pass(queue.key)
    rest(queue)
    if (queue.leaving) return
    queue.leaving = true
    forgetSoon(queue)
  }

  function release(lease: Lease): Promise<boolean> {
    const queue = queues.get(lease.key)
    if (queue?.held !== lease) return free(lease)
    queue.held = undefined
    const next = first(queue)
    if (!next) {
      tidy(queue)
      return free(lease)
    }
    if (queue.asking) return free(lease)
    if (strategy.handOver && (!breaker || breaker.state === 'closed')) return handOver(queue, lease, next)
    setAlarm(queue, netMs)
    return free(lease).finally(() => {
      if (!queue.asking && !queue.held) setAlarm(queue, jittered(restMs))
    })
  }

  /** From caller to caller by one request. */
  function handOver(queue: Queue, lease: Lease, next: Waiter): Promise<boolean> {
    begin(queue, next)
    const yields = queue.grants >= turnGrants || performance.now() - queue.sinceMs >= turnMs
    if (yields) {
      queue.grants = 0
      queue.sinceMs = performance.now()
    }
    const { token, want } = next
    return strategy.handOver!(lease.key, lease.token, { token, ttlMs: want.ttlMs }, yields).then(
      ({ released, next: answer }) => {
        answered(queue, next, answer)
        return released
      },
      (error: Error) => {
        failed(queue, next, error)
        if (isDefinite(error)) return free(lease)
        strategy.cleanUp(lease.key, lease.token, lease.validUntilMs + slackMs)
        throw error
      },
    )
  }

  /** Belief has ended: where the release did not get through, the next holder need not wait for the expiry. */
  function free({ key, token, validUntilMs }: Lease): Promise<boolean> {
    return strategy.release(key, token).catch((error: Error) => {
      strategy.cleanUp(key, token, validUntilMs + slackMs)
      throw error
    })
  }

  return {
    queues,
    queueOf,
    join(queue, ...caller) {
      queue.waiters.add(callers.open(...caller))
      if (queue.held) netSoon(queue)
      else if (!queue.asking && !queue.alarm) ask(queue)
    },
    turn,
    ask,
    release,
    tidy,
    dismiss,
    attempt,
  }
}
