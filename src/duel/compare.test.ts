import { describe, expect, test } from 'vitest'
import { isSuspicious, latencyRows, type Measurement } from './compare.ts'
import type { Slice } from './slices.ts'

const worth = { percent: 10, ms: 0.05 }
const metrics = ['acquire_wait'] as const

/** What the machine did to both sides in each slice, as one saw it: mostly nothing, now and then a stall. */
const weather = [1, 1.1, 0.9, 1.3, 1, 4, 1.05, 0.95, 1.2, 1, 0.9, 1.1, 8, 1, 1.15, 0.85, 1, 1.05]
/** What differs between two sides in slices beside each other. */
const unrest = [2, -3, 1, 4, -2, 5, -4, 3, -1, -5, 2, 1, -3, 6, -2, 0, 3, -4]

const slice = (ms: number, samples = 20): Slice => ({
  acquire_wait: Float64Array.from({ length: samples }, (_, i) => ms * (1 + i / 100)),
  handoff: new Float64Array(0),
  release_duration: new Float64Array(0),
})

/** `percent`: what the unrest is multiplied with. */
const measurement = (
  ratio: number,
  { ms = 1, percent = 1, samples = 20, slices = weather.length } = {},
): Measurement => ({
  lock: weather.slice(0, slices).map((w, i) => slice(ms * ratio * w * (1 + (unrest[i]! * percent) / 100), samples)),
  baseline: weather.slice(0, slices).map((w) => slice(ms * w, samples)),
})
const change = (...measurements: Measurement[]) => latencyRows(measurements, metrics, worth)[0]!

describe('what is called slower', () => {
  test('20 % in both measurements, whatever the weather', () => {
    const row = change(measurement(1.2), measurement(1.2))
    expect(row).toMatchObject({ change: 'slower', pairs: 32 })
    expect(row.ratio).toBeCloseTo(1.2, 1)
    expect(row.lower!).toBeGreaterThan(1.1)
  })

  test('one measurement is a suspicion', () => {
    expect(isSuspicious(measurement(1.2), metrics, worth)).toBe(true)
    expect(change(measurement(1.2)).change).not.toBe('slower')
  })

  test('not what is gone when it is measured again', () => {
    const row = change(measurement(1.2), measurement(1))
    expect(row.change).not.toBe('slower')
    expect(row.note).toContain('it looked slower at first, and not when it was measured again')
  })

  test('nor what nobody cares about: 5 %, or 20 % of 100 µs', () => {
    expect(isSuspicious(measurement(1.05), metrics, worth)).toBe(false)
    expect(isSuspicious(measurement(1.2, { ms: 0.1 }), metrics, worth)).toBe(false)
    expect(change(measurement(1.05)).change).toBe('alike')
    expect(change(measurement(1.2, { ms: 0.1 })).change).toBe('alike')
  })
})

describe('what is not', () => {
  test('a lock beside itself', () => {
    expect(isSuspicious(measurement(1), metrics, worth)).toBe(false)
    expect(change(measurement(1))).toMatchObject({ change: 'alike', note: '' })
  })

  test('a faster one, which is called so where it was measured twice', () => {
    expect(change(measurement(0.7), measurement(0.7)).change).toBe('faster')
    expect(change(measurement(0.7))).toMatchObject({
      change: 'alike',
      note: 'not slower; that it looked faster was measured once only',
    })
  })

  test('where the machine is too restless nothing is told, and what could not be seen is said', () => {
    const { change: told, note, few } = change(measurement(1, { percent: 12 }))
    expect({ told, few }).toEqual({ told: 'not told', few: false })
    expect(note).toMatch(/^up to \d+ % slower \(.*\) cannot be told from the unrest of this machine$/)
  })

  test('with too few samples, or too few slices, nothing is told', () => {
    const note = '0 pairs of slices had 5 samples each, and it takes 8'
    expect(change(measurement(5, { samples: 4 }))).toMatchObject({ change: 'not told', few: true, note, ratio: null })
    expect(change(measurement(5, { slices: 9 }))).toMatchObject({ change: 'not told', few: true, pairs: 7 })
    expect(isSuspicious(measurement(5, { slices: 9 }), metrics, worth)).toBe(false)
  })
})
