import { expect, test } from 'vitest'
import { load as loadSchema } from '../../plan/scenario.ts'
import { runArgs } from './command.ts'
import { k6Options, workloadEnv } from './options.ts'

const scenarioOf = (written: object) =>
  k6Options({ load: loadSchema.parse(written), thresholds: {} }).scenarios.picklock

test.each([
  [
    { executor: 'constant-vus', vus: 3, duration: '2s', gracefulStop: '1s', via: 'http' },
    { executor: 'constant-vus', vus: 3, duration: '2000ms', startTime: '0ms', gracefulStop: '1000ms' },
  ],
  [
    { executor: 'shared-iterations', vus: 5, iterations: 9, startTime: '250ms' },
    {
      executor: 'shared-iterations',
      vus: 5,
      iterations: 9,
      maxDuration: '60000ms',
      startTime: '250ms',
      gracefulStop: '30000ms',
    },
  ],
  [
    { executor: 'per-vu-iterations', vus: 5, iterations: 9, maxDuration: '1m' },
    {
      executor: 'per-vu-iterations',
      vus: 5,
      iterations: 9,
      maxDuration: '60000ms',
      startTime: '0ms',
      gracefulStop: '30000ms',
    },
  ],
  [
    { executor: 'constant-arrival-rate', rate: 2.5, duration: '4s', maxVUs: 7 },
    {
      executor: 'constant-arrival-rate',
      rate: 25,
      timeUnit: '10000ms',
      duration: '4000ms',
      preAllocatedVUs: 7,
      maxVUs: 7,
      startTime: '0ms',
      gracefulStop: '30000ms',
    },
  ],
  [
    {
      executor: 'ramping-arrival-rate',
      startRate: 1,
      stages: [{ target: 0.25, duration: '3s' }],
      preAllocatedVUs: 2,
      maxVUs: 7,
    },
    {
      executor: 'ramping-arrival-rate',
      startRate: 100,
      timeUnit: '100000ms',
      stages: [{ target: 25, duration: '3000ms' }],
      preAllocatedVUs: 2,
      maxVUs: 7,
      startTime: '0ms',
      gracefulStop: '30000ms',
    },
  ],
])('%o is the same in k6, by its own names', (written, expected) => {
  expect(scenarioOf(written)).toEqual(expected)
})

test('of the thresholds k6 judges what it measures, too', () => {
  const thresholds = {
    'overlaps{blame:lock}': ['count==0'],
    request_duration: ['p(95)<300', 'count>10', { threshold: 'max<2000' }],
    errors: ['rate<0.01'],
  }
  const load = loadSchema.parse({ executor: 'constant-vus', vus: 1, duration: '1s' })
  expect(k6Options({ load, thresholds }).thresholds).toEqual({
    http_req_duration: ['p(95)<300', 'max<2000'],
    http_req_failed: ['rate<0.01'],
  })
})

test('a script is told the workload’s numbers', () => {
  expect(
    workloadEnv({ products: 3, workMs: { min: 4, max: 12 }, decrement: 'absolute', amount: { min: 1, max: 2 } }),
  ).toEqual({ PRODUCTS: '3', WORK_MS_MIN: '4', WORK_MS_MAX: '12', AMOUNT_MIN: '1', AMOUNT_MAX: '2' })
})

test('of several instances each has its segment of one sequence', () => {
  const context = { instances: 4, doors: [], seed: 1, workload: {}, script: 'x.js' }
  const segmentOf = (index: number) =>
    runArgs(context as unknown as Parameters<typeof runArgs>[0], {
      index,
      config: '',
      samples: '',
      summary: '',
    }).filter((arg) => arg.startsWith('--execution-segment'))
  const sequence = '--execution-segment-sequence=0,1/4,2/4,3/4,1'
  expect(segmentOf(0)).toEqual(['--execution-segment=0:1/4', sequence])
  expect(segmentOf(3)).toEqual(['--execution-segment=3/4:1', sequence])
})
