import { expect, test } from 'vitest'
import { HistoryBuilder, invalidExample, unknownExample, validExample } from '../../test/support/reports.ts'
import type { Event } from './event.ts'
import { measure } from './measure.ts'
import { percentile } from './samples.ts'

const ms = 1e6

/** Two grants of one key by turns: the second was asked for while the first was held. */
function turns(): HistoryBuilder {
  const history = new HistoryBuilder()
  history.phase(0, 'start')
  history.phase(1000, 'load')
  history.cycle({ server: 'server-1', key: 'a', op: 10, askMs: 1000, grantMs: 1002, releaseMs: 1012, answerMs: 1013 })
  history.cycle({ server: 'server-2', key: 'a', op: 20, askMs: 1005, grantMs: 1015, releaseMs: 1025, answerMs: 1028 })
  history.phase(3000, 'settle')
  history.phase(3500, 'end')
  return history
}

test('waits, holds, hand-overs, releases and requests of a history that one can add up by hand', () => {
  const { samplesMs, counts, rates } = measure(turns().sorted(), 2)
  expect(Object.fromEntries(Object.entries(samplesMs).map(([metric, sorted]) => [metric, [...sorted]]))).toEqual({
    acquire_wait: [2, 10],
    hold_time: [10, 10],
    handoff: [3],
    request_duration: [13, 23],
    release_duration: [1, 3],
    recovery_time: [],
  })
  expect(counts).toMatchObject({ requests: 2, granted: 2, done: 2, contended: 0, indeterminate: 0 })
  expect(rates).toEqual({ throughput: 1, fairness: 1, errors: 0, bookkeeping_keys: 0 })
})

test('nobody waited, so nothing was handed over', () => {
  const history = new HistoryBuilder()
  history.cycle({ server: 'server-1', key: 'a', op: 10, askMs: 0, grantMs: 1, releaseMs: 5 })
  history.cycle({ server: 'server-1', key: 'a', op: 20, askMs: 6, grantMs: 7, releaseMs: 9 })
  // Waits, but for another key.
  history.cycle({ server: 'server-2', key: 'b', op: 30, askMs: 2, grantMs: 8, releaseMs: 9 })
  expect([...measure(history.sorted(), 2).samplesMs['handoff']!]).toEqual([])
})

test('a hold that expired or overlaps the next hands nothing over', () => {
  const history = new HistoryBuilder()
  history.cycle({ server: 'server-1', key: 'a', op: 10, askMs: 0, grantMs: 1, releaseMs: 50, validForMs: 20 })
  history.cycle({ server: 'server-2', key: 'a', op: 20, askMs: 2, grantMs: 60, releaseMs: 90 })
  history.cycle({ server: 'server-1', key: 'a', op: 30, askMs: 61, grantMs: 80, releaseMs: 95 })
  const { samplesMs } = measure(history.sorted(), 2)
  expect([...samplesMs['handoff']!]).toEqual([])
  expect([...samplesMs['hold_time']!]).toEqual([15, 20, 30])
})

test('a request counts from when it was meant to start', () => {
  const late: Event = {
    t: 500 * ms,
    process: 'server-1/vu-1',
    type: 'info',
    f: 'request',
    op: 1,
    key: 'a',
    requestId: 'r',
    intendedNs: 100 * ms,
    outcome: 'indeterminate',
  }
  const { latencyMs, counts, rates } = measure([late, { ...late, op: 2, outcome: 'contended' }], 1)
  expect(latencyMs['request_duration']).toMatchObject({ count: 2, p50: 400, max: 400 })
  expect(counts).toMatchObject({ requests: 2, indeterminate: 1, contended: 1, granted: 0 })
  expect(rates).toEqual({ errors: 0.5 })
})

test('a server that was granted nothing is unfair', () => {
  const history = new HistoryBuilder()
  history.cycle({ server: 'server-1', key: 'a', op: 10, askMs: 0, grantMs: 1, releaseMs: 5 })
  expect(measure(history.sorted(), 2).rates['fairness']).toBe(0.5)
})

test('what processes and their locks counted themselves is added up, apart', () => {
  const count = (process: string, dropped: number, lock?: Record<string, number>): Event => ({
    t: 1,
    process,
    type: 'info',
    f: 'count',
    counts: { dropped_iterations: dropped },
    ...(lock && { lock }),
  })
  const events = [count('server-1', 3, { renewed: 2, granted: 1 }), count('server-2', 4, { renewed: 5 })]
  const { counts, lockCounters } = measure(events, 2)
  expect(counts).toMatchObject({ dropped_iterations: 7, granted: 0 })
  expect(lockCounters).toEqual({ renewed: 7, granted: 1 })
})

test('recovery: from the heal where somebody waits, else from the first attempt; never granted counts to the end', () => {
  const history = turns()
  const healed = { t: 1008 * ms, process: 'controller', f: 'fault', op: 1, fault: 'kill', target: 'redis-1' } as const
  history.events.push({ ...healed, type: 'ok', stage: 'healed' })
  // Asked for 100 ms after the heal, granted 4 ms later; c is asked for and never granted.
  history.cycle({ server: 'server-1', key: 'b', op: 30, askMs: 1108, grantMs: 1112, releaseMs: 1113 })
  const acquire = { process: 'server-1/vu-1', f: 'acquire', op: 40, key: 'c' } as const
  history.events.push({ ...acquire, t: 2900 * ms, type: 'invoke' })
  expect([...measure(history.sorted(), 2).samplesMs['recovery_time']!]).toEqual([4, 7, 100])
  history.events.push({ ...healed, t: 1009 * ms, type: 'fail', stage: 'healed', error: 'it would not start' })
  expect(measure(history.sorted(), 2).samplesMs['recovery_time']).toHaveLength(3)
})

test('an empty history measures nothing', () => {
  expect(measure([], 2)).toMatchObject({ rates: {}, latencyMs: { acquire_wait: {}, recovery_time: {} } })
})

test('what the nodes carried out for a grant, and what is left of bookkeeping for a key', () => {
  const history = new HistoryBuilder()
  for (const [index, key] of ['a', 'b', 'b'].entries())
    history.cycle({
      server: 'server-1',
      key,
      op: 10 * index + 1,
      askMs: index,
      grantMs: index + 0.1,
      releaseMs: index + 0.5,
    })
  const left = { t: 9 * ms, process: 'redis-1', type: 'info', f: 'key', event: 'left', pttlMs: -1 } as const
  history.events.push(
    { t: 8 * ms, process: 'redis-1', type: 'info', f: 'count', counts: { commands: 10 } },
    { t: 8 * ms, process: 'redis-2', type: 'info', f: 'count', counts: { commands: 5 } },
    { ...left, key: 'fence:a', bookkeeping: true },
    { ...left, process: 'redis-2', key: 'fence:a', bookkeeping: true },
    { ...left, key: 'a' },
  )
  const { counts, rates } = measure(history.sorted(), 1)
  expect(rates).toMatchObject({ commands_per_acquire: 5, bookkeeping_keys: 0.5 })
  expect(counts).toMatchObject({ commands: 15, bookkeeping_keys: 1 })
})

test('the examples', () => {
  expect(measure(validExample().events, 2).rates['fairness']).toBeCloseTo(1, 2)
  expect(measure(invalidExample().events, 2).latencyMs['recovery_time']).toMatchObject({ count: 1 })
  expect(measure(unknownExample().events, 2).counts['granted']).toBe(0)
})

test('percentiles are nearest-rank: always a sample that was measured', () => {
  const sorted = Float64Array.from({ length: 1000 }, (_, index) => index + 1)
  expect([0, 50, 90, 99, 99.9, 100].map((p) => percentile(sorted, p))).toEqual([1, 500, 900, 990, 999, 1000])
  expect(percentile(Float64Array.of(15, 20, 35, 40, 50), 30)).toBe(20)
  expect(percentile(new Float64Array(0), 50)).toBeNaN()
})
