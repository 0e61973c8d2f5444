import type { Load } from '../plan/scenario.ts'

export type ArrivalLoad = Extract<Load, { executor: 'constant-arrival-rate' | 'ramping-arrival-rate' }>

/** An iteration and the moment when it is due, ns since the executor's start. */
export interface Arrival {
  iteration: number
  dueNs: number
}

/**
 * The share of an arrival-rate executor's schedule that server `index` of `count` starts: each `count`th iteration. The schedule is a
 * pure function of the scenario, so the servers need no word between them.
 *
 * As in k6: at a constant rate the first iteration starts at once; on a ramp the nth starts when the area under the rate has
 * reached n. k6 drops the iteration for which it begins to make a virtual user beyond preAllocatedVUs; ours cost nothing to make,
 * so nothing is dropped below maxVUs. https://grafana.com/docs/k6/latest/using-k6/scenarios/executors/
 */
export function arrivals(load: ArrivalLoad, index: number, count: number): Generator<Arrival> {
  return load.executor === 'constant-arrival-rate' ? constant(load, index, count) : ramping(load, index, count)
}

function* constant(
  { rate, timeUnit, duration }: Extract<Load, { executor: 'constant-arrival-rate' }>,
  index: number,
  count: number,
): Generator<Arrival> {
  for (let iteration = index; ; iteration += count) {
    const dueMs = (iteration * timeUnit) / rate
    if (dueMs >= duration) return
    yield { iteration, dueNs: dueMs * 1e6 }
  }
}

/** What summing up stages may lose to rounding, in iterations. */
const roundingMax = 1e-9

function* ramping(
  { startRate, timeUnit, stages }: Extract<Load, { executor: 'ramping-arrival-rate' }>,
  index: number,
  count: number,
): Generator<Arrival> {
  let from = startRate / timeUnit
  let stageStartMs = 0
  let before = 0
  let iteration = index
  for (const { target, duration } of stages) {
    const to = target / timeUnit
    const after = before + (duration * (from + to)) / 2
    for (; iteration + 1 <= after + roundingMax; iteration += count) {
      const area = iteration + 1 - before
      const slope = (to - from) / duration
      // from·x + slope·x²/2 = area, solved for x in the form that stays exact as the slope goes to 0.
      const intoStageMs = (2 * area) / (from + Math.sqrt(Math.max(0, from * from + 2 * slope * area)))
      yield { iteration, dueNs: (stageStartMs + Math.min(intoStageMs, duration)) * 1e6 }
    }
    before = after
    from = to
    stageStartMs += duration
  }
}

/** ms from the executor's start to its last moment without gracefulStop. */
export const arrivalDurationMs = (load: ArrivalLoad): number =>
  load.executor === 'constant-arrival-rate'
    ? load.duration
    : load.stages.reduce((total, { duration }) => total + duration, 0)
