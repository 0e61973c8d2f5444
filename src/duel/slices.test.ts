import { expect, test } from 'vitest'
import { HistoryBuilder } from '../../test/support/reports.ts'
import { duelPlan } from './plan.ts'
import { sliced } from './slices.ts'
import { durationMs, slicesOf } from './timing.ts'

const timing = { slices: 4, sliceMs: 100, gapMs: 20 }

test('sides take turns: A B B A A B B A', () => {
  expect(slicesOf('first', timing)).toEqual([0, 360, 480, 840])
  expect(slicesOf('second', timing)).toEqual([120, 240, 600, 720])
  expect(durationMs(timing)).toBe(960)
})

test('the plan has load in the slices and nowhere else, as much for either side', () => {
  const side = { spec: 'reference', name: 'reference', options: {} }
  const terms = { topology: 'single', timing, seed: 1, command: 'picklock gate --seed 1' } as const
  for (const turn of ['first', 'second'] as const) {
    const { load } = duelPlan(side, turn, terms)
    if (load.executor !== 'ramping-arrival-rate') throw new Error(load.executor)
    let atMs = 0
    const on = load.stages.flatMap(({ target, duration }) => {
      atMs += duration
      return target > 0 && duration > 0 ? [[atMs - duration, atMs]] : []
    })
    expect(atMs).toBe(durationMs(timing))
    const during = Array.from({ length: atMs }, (_, ms) => on.some(([from, to]) => ms >= from! && ms < to!))
    const own = Array.from({ length: atMs }, (_, ms) =>
      slicesOf(turn, timing).some((from) => ms >= from && ms < from + 100),
    )
    expect(during).toEqual(own)
  }
})

test('what becomes of an acquire counts in the slice in which it was asked for', () => {
  const history = new HistoryBuilder()
  history.phase(1000, 'load')
  const cycle = (op: number, askMs: number, grantMs: number, releaseMs: number) =>
    history.cycle({ server: 'server-1', key: 'mutex:1', op, askMs, grantMs, releaseMs })
  cycle(10, 1010, 1012, 1020)
  // Granted in the rest after the first slice, and in the next one.
  cycle(20, 1090, 1110, 1115)
  cycle(30, 1095, 1365, 1366)
  cycle(40, 1370, 1371, 1380)
  const slices = sliced(history.sorted(), 'first', timing, 2)
  expect(slices.map(({ acquire_wait }) => [...acquire_wait].map((ms) => Math.round(ms)))).toEqual([
    [2, 20, 270],
    [1],
    [],
    [],
  ])
  expect(slices.map(({ release_duration }) => release_duration.length)).toEqual([3, 1, 0, 0])
  // The third waited while the second was released.
  expect([...slices[0]!.handoff]).toEqual([250])
})

test('a history without a load has empty slices', () => {
  expect(sliced([], 'first', timing, 2).map(({ handoff }) => handoff.length)).toEqual([0, 0, 0, 0])
})
