import { definite, isDefinite } from '../definite.ts'
import { type Breaker, BreakerOpenError } from './breaker.ts'
import { jittered, newToken } from './lease.ts'
import type { Busy, Line, Strategy, Taken } from './strategy.ts'

/** After so many grants in a row, or so long, the processes that stand in line on Redis go first. */
const turnGrants = 16
const turnMs = 200
/** Nobody who waits goes longer without a try, whatever was last heard of the holder: messages may be lost. */
const netMs = 500
/** Who let the head of the line go first tries again after this time, which is longer than a turn: the head may be stopped. */
const courtesyMs = 250
/** Between tries while Redis fails, or while no news can be heard. */
const retryMs = 20
/** After a release that was no hand-over: whom it woke goes first. */
const restMs = 4
/** How soon a signal is listened to: most calls are over before, and a listener costs more than they do. */
const listenMs = 3
/** What a lease may last on Redis beyond our own count. */
const slackMs = 150

/** What Redis granted, as this process knows it. */
export interface Lease {
  readonly key: string
  readonly token: string
  readonly fence?: string
  /** Moves with every extension. */
  validUntilMs: number
}

export interface Want {
  key: string
  ttlMs: number
  /** 0: one try. */
  waitMs: number
  signal?: AbortSignal | undefined
  /** Counts the tries on Redis that are made for this caller. */
  attempts: number
}

/**
 * Where the callers of a process wait: a FIFO per key, of which only the first caller is a waiter on Redis. The lock goes from caller
 * to caller by one request each, until the turn of this process is over and another one stands in line.
 */
export interface WaitingRoom {
  /** `null`: contended until `waitMs` was over. Rejects with the signal's reason, or when Redis could not say. */
  acquire(want: Want): Promise<Lease | null>
  release(lease: Lease): Promise<boolean>
  /** The lease has run out and nobody released it. */
  forget(lease: Lease): void
  close(): Promise<void>
}

interface Waiter {
  want: Want
  token: string
  startedMs: number
  /** Of a try whose fate nobody knows. */
  doubt?: Error
  /** Its time was over while a try was under way: that one decides. */
  overdue: boolean
  settled: boolean
  settle(outcome: Lease | null): void
  fail(reason: unknown): void
  /** From now on its signal is heard. */
  listen(): void
  timer: NodeJS.Timeout | undefined
}

interface Queue {
  key: string
  waiters: Set<Waiter>
  /** Whose try is under way. */
  asking: Waiter | undefined
  /** What this process has. */
  held: Lease | undefined
  /** The turn came while a try was under way: its answer may be older. */
  stale: boolean
  place: Exclude<Line, 'none'>
  /** Of this turn. */
  grants: number
  sinceMs: number
  alarm: NodeJS.Timeout | undefined
  /** Since when tries fail, and with what. */
  failing: { sinceMs: number; error: Error } | undefined
}

/** @param patienceMs after so long of failing tries a caller is told, though it could wait longer */
export function waitingRoom(strategy: Strategy, breaker: Breaker | undefined, patienceMs: number): WaitingRoom {
  const queues = new Map<string, Queue>()
  const unheard = new Set<Waiter>()
  let listening: NodeJS.Timeout | undefined
  let closed = false

  function listenSoon(waiter: Waiter): void {
    unheard.add(waiter)
    listening ??= setTimeout(() => {
      listening = undefined
      for (const each of unheard) each.listen()
      unheard.clear()
    }, listenMs)
  }

  strategy.onTurn((key) => {
    if (key === undefined) for (const queue of queues.values()) turn(queue)
    else {
      const queue = queues.get(key)
      if (queue && !queue.held && (queue.asking || queue.waiters.size > 0)) turn(queue)
      else void strategy.pass(key)
    }
  })

  function turn(queue: Queue): void {
    if (queue.held) return
    queue.place = 'front'
    if (queue.asking) queue.stale = true
    else ask(queue)
  }

  function queueOf(key: string): Queue {
    let queue = queues.get(key)
    if (!queue) {
      queue = {
        key,
        waiters: new Set(),
        asking: undefined,
        held: undefined,
        stale: false,
        place: 'end',
        grants: 0,
        sinceMs: 0,
        alarm: undefined,
        failing: undefined,
      }
      queues.set(key, queue)
    }
    return queue
  }

  const attempt = <Result>(work: () => Promise<Result>) => (breaker ? breaker.execute(work) : work())

  /** One try on behalf of the first caller. */
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
    clearTimeout(queue.alarm)
    queue.alarm = undefined
  }

  function answered(queue: Queue, waiter: Waiter, answer: Taken | Busy): void {
    queue.asking = undefined
    queue.failing = undefined
    if (answer.taken) return granted(queue, waiter, answer)
    if (waiter.overdue) giveUp(queue, waiter)
    else if (waiter.settled) forgetDoubt(queue, waiter)
    watchTime(queue, waiter)
    if (queue.stale && queue.waiters.size > 0) return ask(queue)
    queue.place = 'end'
    const { heldForMs, inLine } = answer
    if (!inLine) setAlarm(queue, jittered(retryMs))
    else setAlarm(queue, heldForMs > 0 ? Math.min(heldForMs, netMs) + jittered(4) : courtesyMs + jittered(20))
    tidy(queue)
  }

  function granted(queue: Queue, waiter: Waiter, { fence, validUntilMs }: Taken): void {
    const { key } = queue
    const lease: Lease = { key, token: waiter.token, validUntilMs, ...(fence !== undefined && { fence }) }
    if (validUntilMs <= performance.now()) {
      // It came too late to be worth anything. A token whose delete is under way is not used again.
      strategy.cleanUp(key, waiter.token, validUntilMs + slackMs)
      waiter.token = newToken()
      if (waiter.overdue) giveUp(queue, waiter)
      setAlarm(queue, jittered(retryMs))
      return tidy(queue)
    }
    queue.held = lease
    queue.place = 'end'
    queue.grants++
    queue.waiters.delete(waiter)
    if (waiter.want.signal?.aborted) waiter.listen()
    if (waiter.settled) return void release(lease).catch(() => {})
    waiter.settle(lease)
    if (queue.waiters.size > 0) setAlarm(queue, validUntilMs - performance.now() + jittered(4))
  }

  function failed(queue: Queue, waiter: Waiter, error: Error): void {
    const nowMs = performance.now()
    queue.asking = undefined
    queue.failing = { sinceMs: queue.failing?.sinceMs ?? nowMs, error }
    if (!isDefinite(error)) {
      if (waiter.settled) strategy.cleanUp(queue.key, waiter.token, nowMs + waiter.want.ttlMs)
      else waiter.doubt = error
    }
    const { sinceMs } = queue.failing
    for (const each of queue.waiters) {
      const borneMs = nowMs - Math.max(sinceMs, each.startedMs)
      if (each.overdue || error instanceof BreakerOpenError || borneMs >= patienceMs) giveUp(queue, each)
      else watchTime(queue, each)
    }
    setAlarm(queue, jittered(retryMs))
    tidy(queue)
  }

  /** The caller's time is over, or its patience. */
  function giveUp(queue: Queue, waiter: Waiter): void {
    queue.waiters.delete(waiter)
    forgetDoubt(queue, waiter)
    if (waiter.doubt) waiter.fail(waiter.doubt)
    else if (queue.failing) {
      const { error } = queue.failing
      // Nothing was sent for this one.
      waiter.fail(isDefinite(error) ? error : definite(new Error(error.message, { cause: error })))
    } else waiter.settle(null)
  }

  /** Frees what an earlier try of a caller who has gone may have left. */
  function forgetDoubt(queue: Queue, { doubt, token, want }: Waiter): void {
    if (doubt) strategy.cleanUp(queue.key, token, performance.now() + want.ttlMs)
  }

  /** Only for those who have to wait: most get the lock with their first try. */
  function watchTime(queue: Queue, waiter: Waiter): void {
    if (waiter.timer || waiter.settled) return
    const leftMs = waiter.startedMs + waiter.want.waitMs - performance.now()
    waiter.timer = setTimeout(
      () => {
        waiter.overdue = true
        if (queue.asking === waiter) return
        giveUp(queue, waiter)
        tidy(queue)
      },
      Math.max(0, leftMs),
    )
  }

  function setAlarm(queue: Queue, ms: number): void {
    clearTimeout(queue.alarm)
    queue.alarm = setTimeout(() => {
      queue.alarm = undefined
      const leftMs = (queue.held?.validUntilMs ?? 0) - performance.now()
      if (leftMs > 0) return setAlarm(queue, leftMs + jittered(4))
      queue.held = undefined
      ask(queue)
    }, ms)
  }

  function tidy(queue: Queue): void {
    if (queue.waiters.size > 0 || queue.asking) return
    clearTimeout(queue.alarm)
    queue.alarm = undefined
    if (queue.held) return
    if (queues.get(queue.key) === queue) queues.delete(queue.key)
    if (queue.stale) void strategy.pass(queue.key)
  }

  async function tryOnce(want: Want): Promise<Lease | null> {
    const { key, ttlMs, signal } = want
    const token = newToken()
    want.attempts++
    const sentAtMs = performance.now()
    try {
      const answer = await attempt(() => strategy.tryAcquire(key, token, ttlMs, 'none'))
      if (!answer.taken) return null
      const { fence, validUntilMs } = answer
      if (validUntilMs <= performance.now()) throw new Error(`the answer took longer than the TTL of ${ttlMs} ms`)
      const lease: Lease = { key, token, validUntilMs, ...(fence !== undefined && { fence }) }
      const queue = queueOf(key)
      queue.held = lease
      queue.grants = 1
      queue.sinceMs = sentAtMs
      if (!signal?.aborted) return lease
      void release(lease).catch(() => {})
    } catch (error) {
      if (!isDefinite(error)) strategy.cleanUp(key, token, sentAtMs + ttlMs)
      throw error
    }
    throw signal.reason
  }

  async function release(lease: Lease): Promise<boolean> {
    const queue = queues.get(lease.key)
    if (queue?.held !== lease) return free(lease)
    queue.held = undefined
    const next = first(queue)
    if (!next) {
      tidy(queue)
      return free(lease)
    }
    if (queue.asking) return free(lease)
    if (!strategy.handOver || (breaker && breaker.state !== 'closed')) {
      clearTimeout(queue.alarm)
      try {
        return await free(lease)
      } finally {
        if (!queue.asking && !queue.held) setAlarm(queue, jittered(restMs))
      }
    }
    begin(queue, next)
    const yields = queue.grants >= turnGrants || performance.now() - queue.sinceMs >= turnMs
    if (yields) {
      queue.grants = 0
      queue.sinceMs = performance.now()
    }
    const { token, want } = next
    try {
      const { released, next: answer } = await strategy.handOver(
        lease.key,
        lease.token,
        { token, ttlMs: want.ttlMs },
        yields,
      )
      answered(queue, next, answer)
      return released
    } catch (error) {
      failed(queue, next, error as Error)
      if (isDefinite(error)) return free(lease)
      strategy.cleanUp(lease.key, lease.token, lease.validUntilMs + slackMs)
      throw error
    }
  }

  /** Belief has ended: where the release did not get through, the next holder need not wait for the expiry. */
  async function free({ key, token, validUntilMs }: Lease): Promise<boolean> {
    try {
      return await strategy.release(key, token)
    } catch (error) {
      strategy.cleanUp(key, token, validUntilMs + slackMs)
      throw error
    }
  }

  return {
    acquire(want) {
      const { key, waitMs, signal } = want
      if (closed) return Promise.reject(closedError())
      if (signal?.aborted) return Promise.reject(signal.reason as Error)
      if (!(waitMs > 0)) return tryOnce(want)
      const queue = queueOf(key)
      return new Promise((resolve, reject) => {
        const leave = () => {
          waiter.settled = true
          clearTimeout(waiter.timer)
          if (signal && !unheard.delete(waiter)) signal.removeEventListener('abort', onAbort)
        }
        const waiter: Waiter = {
          want,
          token: newToken(),
          startedMs: performance.now(),
          overdue: false,
          settled: false,
          timer: undefined,
          settle(outcome) {
            leave()
            resolve(outcome)
          },
          fail(reason) {
            leave()
            reject(reason as Error)
          },
          listen() {
            if (waiter.settled) return
            if (signal!.aborted) onAbort()
            else signal!.addEventListener('abort', onAbort)
          },
        }
        const onAbort = () => {
          queue.waiters.delete(waiter)
          waiter.fail(signal!.reason)
          // A try that is under way tells what to do about it when it is answered.
          if (queue.asking !== waiter) forgetDoubt(queue, waiter)
          tidy(queue)
        }
        if (signal) listenSoon(waiter)
        queue.waiters.add(waiter)
        if (!queue.held && !queue.asking && !queue.alarm) ask(queue)
        else {
          watchTime(queue, waiter)
          if (!queue.asking && !queue.alarm) setAlarm(queue, 0)
        }
      })
    },
    release,
    forget(lease) {
      const queue = queues.get(lease.key)
      if (queue?.held !== lease) return
      queue.held = undefined
      ask(queue)
      tidy(queue)
    },
    async close() {
      closed = true
      clearTimeout(listening)
      for (const queue of queues.values()) {
        clearTimeout(queue.alarm)
        for (const waiter of queue.waiters) {
          queue.waiters.delete(waiter)
          if (queue.asking !== waiter) forgetDoubt(queue, waiter)
          waiter.fail(closedError())
        }
      }
      await strategy.close()
    },
  }
}

const first = (queue: Queue): Waiter | undefined => queue.waiters.values().next().value
const closedError = () => definite(new Error('these locks were closed'))
