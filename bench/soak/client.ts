/** One shop process of the soak: many callers on few keys, in every way in which the lock can be called. */
import { getEventListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { lockEnv } from '../../src/locks/env.ts'
import { random } from '../../src/lib/random.ts'
import { harnessOptions } from '../../src/locks/reference/harness-options.ts'
import { createLocks, isDefinite, type HeldLock, type Locks } from '../../src/locks/reference/locks.ts'
import type { Belief, FromClient, Orders, Sample, ToClient } from './messages.ts'

const callers = 24
const keys = 8
const sampleMs = 5_000
/** The lock's own `timeoutMs` is at most a second; a call that takes that much longer than it may has not settled. */
const lateMs = 2_500

const say = (message: FromClient) => process.send?.(message)
const nowNs = () => Number(process.hrtime.bigint())
const over = new AbortController()
/** Every third call has this signal, too: a listener that is not taken off again shows on it. */
const shared = new AbortController()

const seen: Sample = {
  calls: 0,
  grants: 0,
  contended: 0,
  definite: 0,
  indefinite: 0,
  lost: 0,
  unsettled: 0,
  unhandled: [],
  listeners: 0,
  clients: 0,
  timers: 0,
  heapMb: 0,
}
let beliefs: Belief[] = []

process.on('unhandledRejection', (reason) => seen.unhandled.push(String(reason)))
process.on('uncaughtException', (error) => seen.unhandled.push(String(error)))
process.on('warning', (warning) => {
  if (warning.name !== 'ExperimentalWarning') seen.unhandled.push(String(warning))
})
process.on('disconnect', () => process.exit(0))
process.on('message', (message: ToClient) => {
  if (message.kind === 'stop') over.abort()
  else void work(message)
})

async function work(orders: Orders): Promise<void> {
  const env = lockEnv({ ...orders, options: {}, log: () => {} })
  const clients = new Set<Redis>()
  const connect = env.connect.bind(env)
  env.connect = (node, options) => {
    const redis = connect(node, options)
    clients.add(redis)
    redis.on('end', () => clients.delete(redis))
    return redis
  }
  const { renew: _, ...options } = harnessOptions(env)
  const locks = createLocks({ ...options, maxHoldMs: 4_000 })
  await locks.ready

  const report = () => {
    const onClients = [...clients].flatMap((redis) => redis.eventNames().map((name) => redis.listenerCount(name)))
    seen.listeners = onClients.reduce((sum, count) => sum + count, getEventListeners(shared.signal, 'abort').length)
    seen.clients = clients.size
    seen.timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    seen.heapMb = process.memoryUsage().heapUsed / 1e6
    say({ kind: 'sample', ...seen })
    say({ kind: 'beliefs', beliefs })
    beliefs = []
  }
  const reporting = setInterval(report, sampleMs)
  await Promise.all(
    Array.from({ length: callers }, (_, caller) => call(locks, random(orders.seed, orders.server, caller))),
  )
  // What the lock does in the background comes to its end.
  await sleep(1_000)
  clearInterval(reporting)
  report()
  await locks.close()
  say({ kind: 'stopped' })
}

async function call(locks: Locks, draw: () => number): Promise<void> {
  while (!over.signal.aborted) {
    const key = `soak:${Math.floor(draw() * keys)}`
    const ttlMs = 150 + Math.floor(draw() * 2_350)
    const waitMs = draw() < 0.2 ? 0 : Math.floor(draw() * 2_000)
    const cancel = draw() < 0.15 ? AbortSignal.timeout(Math.floor(draw() * 300)) : undefined
    const signal = cancel ?? (draw() < 0.4 ? shared.signal : undefined)
    seen.calls++
    let held: HeldLock | null = null
    try {
      held = await settled(
        locks.tryAcquire(key, { ttlMs, waitMs, renew: draw() < 0.5, ...(signal && { signal }) }),
        waitMs + lateMs,
      )
      if (held === null) seen.contended++
    } catch (error) {
      if (cancel?.aborted) continue
      if (isDefinite(error)) seen.definite++
      else seen.indefinite++
      await sleep(5)
    }
    if (held) await hold(held, ttlMs, draw)
  }
}

async function hold(held: HeldLock, ttlMs: number, draw: () => number): Promise<void> {
  const fromNs = nowNs()
  seen.grants++
  // Most are short; some reach past the end of their lease.
  const forMs = draw() < 0.95 ? draw() * 10 : draw() * ttlMs * 1.3
  if (forMs > 1) await sleep(forMs, undefined, { signal: over.signal }).catch(() => {})
  if (draw() < 0.1) await settled(held.extend(ttlMs), lateMs).catch(() => false)
  // Only what the lock still says to hold *after* the clock was read is a belief: a process that was stopped knows of nothing.
  const endNs = nowNs()
  if (held.lost.aborted) seen.lost++
  else if (held.validForMs > 0) beliefs.push([held.key, fromNs, endNs])
  await settled(held.release(), lateMs).catch(() => {})
}

/** Counts a call that does not come to an end in time, and then lets it be. */
async function settled<Result>(call: Promise<Result>, withinMs: number): Promise<Result> {
  const startMs = performance.now()
  let ticks = 0
  // A process that was stopped gets its whole time back: what counts is how often its own clock ticked.
  const patience = setInterval(() => {
    if (++ticks * 100 >= withinMs) {
      clearInterval(patience)
      seen.unsettled++
      console.error(`unsettled after ${Math.round(performance.now() - startMs)} ms`)
    }
  }, 100)
  return call.finally(() => clearInterval(patience))
}
