import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { load as loadSchema } from '../plan/scenario.ts'
import { builtin } from './builtin.ts'
import type { LoadResult, Resumed } from './load.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: 0, toFake: ['Date', 'setTimeout', 'clearTimeout'] })
  // By a clock that stands still a turn of the event loop takes no time.
  vi.stubGlobal('setImmediate', queueMicrotask)
})
afterEach(realTime)

function realTime() {
  vi.useRealTimers()
  vi.unstubAllGlobals()
}

interface Started {
  vu: number
  iteration: number
  intendedMs: number
  server: number
}

/** Runs the load on `count` servers under a fake clock; each iteration takes `tookMs`. */
async function drive(
  written: object,
  {
    count = 1,
    tookMs = 0,
    stopAtMs = Infinity,
    resumed,
  }: { count?: number; tookMs?: number; stopAtMs?: number; resumed?: Resumed } = {},
) {
  const load = loadSchema.parse(written)
  const started: Started[] = []
  const stop = new AbortController()
  if (stopAtMs < Infinity) setTimeout(() => stop.abort(), stopAtMs)
  const servers = Array.from({ length: count }, (_, index) =>
    builtin.run({
      load,
      index,
      count,
      now: () => Date.now() * 1e6,
      signal: stop.signal,
      ...(resumed && { resumed }),
      async iterate({ vu, iteration, intendedNs }) {
        started.push({ vu, iteration, intendedMs: intendedNs / 1e6, server: index })
        await new Promise((resolve) => setTimeout(resolve, tookMs))
      },
    }),
  )
  let endedAtMs = 0
  const all = Promise.all(servers).then((results) => {
    endedAtMs = Date.now()
    return results
  })
  await vi.advanceTimersByTimeAsync(120_000)
  const results = await all
  const sum = (key: keyof LoadResult) => results.reduce((total, result) => total + result[key], 0)
  return {
    started,
    endedAtMs,
    iterations: sum('iterations'),
    dropped: sum('droppedIterations'),
    interrupted: sum('interruptedIterations'),
  }
}

const unique = (started: Started[]) => new Set(started.map(({ iteration }) => iteration)).size

test('constant-vus: each user begins anew when its last iteration has ended, until the time is up', async () => {
  const run = await drive({ executor: 'constant-vus', vus: 3, duration: '1s' }, { count: 2, tookMs: 100 })
  expect(run).toMatchObject({ iterations: 30, dropped: 0, interrupted: 0, endedAtMs: 1000 })
  expect(unique(run.started)).toBe(30)
  expect([...new Set(run.started.map(({ vu, server }) => `server ${server} vu ${vu}`))].sort()).toEqual([
    'server 0 vu 1',
    'server 0 vu 3',
    'server 1 vu 2',
  ])
})

test('constant-vus: what outlasts gracefulStop is interrupted', async () => {
  const run = await drive({ executor: 'constant-vus', vus: 2, duration: '1s', gracefulStop: '1s' }, { tookMs: 5000 })
  expect(run).toMatchObject({ iterations: 0, interrupted: 2, endedAtMs: 2000 })
})

test('constant-arrival-rate: from 0 on, interleaved between the servers, the sum is exactly the rate', async () => {
  const run = await drive({ executor: 'constant-arrival-rate', rate: 80, duration: '12s' }, { count: 3, tookMs: 20 })
  expect(run).toMatchObject({ iterations: 960, dropped: 0, interrupted: 0 })
  const inOrder = run.started.toSorted((a, b) => a.iteration - b.iteration)
  expect(inOrder.map(({ iteration }) => iteration)).toEqual(Array.from({ length: 960 }, (_, index) => index))
  expect(inOrder.slice(0, 4).map(({ intendedMs, server }) => [intendedMs, server])).toEqual([
    [0, 0],
    [12.5, 1],
    [25, 2],
    [37.5, 0],
  ])
})

test('constant-arrival-rate: iterations are dropped while no user is free, and startTime delays', async () => {
  const run = await drive(
    { executor: 'constant-arrival-rate', rate: 10, duration: '1s', maxVUs: 2, startTime: '3s', gracefulStop: '10s' },
    { tookMs: 500 },
  )
  // Two at once, half a second each: at 0, 100 | 500, 600; the others find nobody.
  expect(run).toMatchObject({ iterations: 4, dropped: 6, interrupted: 0, endedAtMs: 4100 })
  expect(run.started.map(({ intendedMs }) => intendedMs - 3000)).toEqual([0, 100, 500, 600])
})

test('constant-arrival-rate: rates above the timers’ grain are kept by bursts, with the intended start', async () => {
  const run = await drive({ executor: 'constant-arrival-rate', rate: 5000, duration: '1s' })
  expect(run.iterations + run.dropped).toBe(5000)
  expect(run.started[7]!.intendedMs).toBeCloseTo(1.4)
})

test('constant-arrival-rate: a server beyond the number of users drops all of its share', async () => {
  const run = await drive({ executor: 'constant-arrival-rate', rate: 10, duration: '1s', maxVUs: 1 }, { count: 2 })
  expect(run).toMatchObject({ iterations: 5, dropped: 5 })
})

test('ramping-arrival-rate: the nth starts when the area under the rate reaches n', async () => {
  const stages = [
    { target: 10, duration: '10s' },
    { target: 10, duration: '5s' },
    { target: 0, duration: '10s' },
  ]
  const run = await drive({ executor: 'ramping-arrival-rate', stages }, { count: 2 })
  // 50 on the ramp, 50 on the level, 50 down.
  expect(run).toMatchObject({ iterations: 150, dropped: 0 })
  const dueMs = run.started.toSorted((a, b) => a.iteration - b.iteration).map(({ intendedMs }) => intendedMs)
  expect(dueMs[0]).toBeCloseTo(Math.sqrt(2) * 1000, 3)
  expect(dueMs[49]).toBeCloseTo(10_000, 3)
  expect(dueMs[50]).toBeCloseTo(10_100, 3)
  expect(dueMs[149]).toBeCloseTo(25_000, 3)
  expect(dueMs).toEqual(dueMs.toSorted((a, b) => a - b))
})

test('ramping-arrival-rate: a stage without rate starts nothing', async () => {
  const stages = [
    { target: 0, duration: '2s' },
    { target: 5, duration: '0s' },
    { target: 5, duration: '2s' },
  ]
  const run = await drive({ executor: 'ramping-arrival-rate', stages })
  expect(run.iterations).toBe(10)
  expect(run.started[0]!.intendedMs).toBeCloseTo(2200)
})

test('per-vu-iterations: each user does its own number', async () => {
  const run = await drive({ executor: 'per-vu-iterations', vus: 5, iterations: 7 }, { count: 2, tookMs: 10 })
  expect(run).toMatchObject({ iterations: 35, dropped: 0, endedAtMs: 70 })
  expect(unique(run.started)).toBe(35)
  const perVu = Map.groupBy(run.started, ({ vu }) => vu)
  expect([...perVu.keys()].toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5])
  for (const own of perVu.values()) expect(own.length).toBe(7)
})

test('per-vu-iterations: what maxDuration cuts off is dropped', async () => {
  const run = await drive(
    { executor: 'per-vu-iterations', vus: 2, iterations: 10, maxDuration: '1s' },
    { count: 2, tookMs: 400 },
  )
  expect(run).toMatchObject({ iterations: 6, dropped: 14, interrupted: 0, endedAtMs: 1200 })
})

test('shared-iterations: the sum is exactly the scenario’s, whoever is fast does more', async () => {
  const run = await drive({ executor: 'shared-iterations', vus: 3, iterations: 100 }, { count: 2, tookMs: 10 })
  expect(run).toMatchObject({ iterations: 100, dropped: 0 })
  expect(unique(run.started)).toBe(100)
})

test('shared-iterations: with fewer users than servers all iterations are still done', async () => {
  const run = await drive({ executor: 'shared-iterations', vus: 1, iterations: 9 }, { count: 3 })
  expect(run).toMatchObject({ iterations: 9, dropped: 0 })
})

test.each([
  { executor: 'constant-vus', vus: 1, duration: '10s' },
  { executor: 'constant-arrival-rate', rate: 10, duration: '10s' },
  { executor: 'shared-iterations', vus: 1, iterations: 1000 },
])('$executor: an abort begins nothing more and lets what is under way end', async (load) => {
  const run = await drive(load, { tookMs: 100, stopAtMs: 950 })
  expect(run).toMatchObject({ iterations: 10, dropped: 0, interrupted: 0 })
  expect(run.endedAtMs).toBeLessThanOrEqual(1001)
})

/** A server that takes over at 0 from one that died 200 ms before, 400 ms after the load had begun. */
const resumed = { beganNs: -600e6, diedNs: -200e6, incarnation: 1, answered: 30 }

test('who takes over the load of one that died ends when that one would have', async () => {
  const run = await drive({ executor: 'constant-vus', vus: 2, duration: '1s' }, { tookMs: 100, resumed })
  expect(run).toMatchObject({ iterations: 8, dropped: 0, endedAtMs: 400 })
  // No number that its predecessor may have used.
  expect(Math.min(...run.started.map(({ iteration }) => iteration))).toBeGreaterThanOrEqual(1_000_000)
})

test('who came while nobody was there is dropped, and nobody is served twice', async () => {
  const run = await drive({ executor: 'constant-arrival-rate', rate: 50, duration: '1s' }, { resumed })
  expect(run).toMatchObject({ iterations: 20, dropped: 10, endedAtMs: 400 })
  expect(run.started.map(({ iteration }) => iteration)).toEqual(Array.from({ length: 20 }, (_, turn) => 30 + turn))
})

test.each([
  [20, { executor: 'shared-iterations', vus: 2, iterations: 50 }],
  [10, { executor: 'per-vu-iterations', vus: 2, iterations: 20 }],
])('of counted iterations the rest is done: %i', async (iterations, load) => {
  expect(await drive(load, { resumed })).toMatchObject({ iterations, dropped: 0 })
})

test('users whose every call fails at once leave the event loop its turns: a lost connection can come back', async () => {
  realTime()
  const server = createServer((socket) => socket.end('back')).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const load = loadSchema.parse({ executor: 'constant-vus', vus: 10, duration: '2s' })
  const stop = new AbortController()
  let ended = false
  const running = builtin
    .run({
      load,
      index: 0,
      count: 1,
      now: () => performance.now() * 1e6,
      signal: stop.signal,
      iterate: () => Promise.resolve(),
    })
    .finally(() => (ended = true))
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  await once(socket, 'data')
  expect(ended).toBe(false)
  stop.abort()
  expect((await running).iterations).toBeGreaterThan(0)
  await new Promise((resolve) => server.close(resolve))
})
