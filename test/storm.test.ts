import { describe, expect, test } from 'vitest'
import { topologyKinds } from '../src/plan/scenario.ts'
import { stormScenario } from './support/storm.ts'
import { complaintAbout, weather } from './support/weather.ts'

/** A short storm on each topology; `node test/storm.ts` is the long weather. */

const short = { faults: 14, durationMs: 4000 }

describe.concurrent('a storm of random faults ends in a verdict and leaves nothing behind', () => {
  test.each(topologyKinds)('%s', { timeout: 120_000 }, async (topology) => {
    const weathered = await weather({ topology, seed: 7, ...short })
    expect(complaintAbout(weathered)).toBe(undefined)
    expect(weathered.report!.faults.length).toBe(short.faults)
    expect(weathered.report!.faults.filter(({ landed }) => landed).length).toBeGreaterThan(short.faults / 4)
  })
})

test('the same seed gives the same storm', () => {
  const storm = { topology: 'sentinel', seed: 3, ...short } as const
  expect(stormScenario(storm)).toEqual(stormScenario(storm))
  expect(stormScenario(storm)).not.toEqual(stormScenario({ ...storm, seed: 4 }))
})
