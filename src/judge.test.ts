import { expect, test } from 'vitest'
import { end, fault, history, hold, plan } from '../test/support/history.ts'
import { judge } from './judge.ts'

const judged = (...events: Parameters<typeof history>) =>
  judge({
    plan: plan('single', {
      faults: [{ fault: 'memory-death', target: 'primary', forMs: 40, parameters: {} }],
      asked: { scenario: 'a-drill', set: [], command: 'picklock run a-drill', lockOptions: {} },
    }),
    startedAt: new Date(0),
    durationMs: 100,
    events: history(...events, end(100)),
    notes: [],
    damage: undefined,
    lock: undefined,
    versions: {},
    interrupted: false,
  })

test('holds are seen during a fault from when it was felt, which may be well before its proof', () => {
  const deadOnce = hold({ op: 1, process: 'server-1/vu-1', at: 40, until: 44 })
  const late = fault(1, 'memory-death', 'redis-1', 50, 90)
  const felt = late.map((event) => (event.stage === 'landed' ? { ...event, feltNs: 30e6 } : event))
  expect(judged(deadOnce, felt).faults).toMatchObject([{ landed: true, appliedAtMs: 30, holdsDuring: 1 }])
  expect(judged(deadOnce, late).faults).toMatchObject([{ landed: true, appliedAtMs: 50, holdsDuring: 0 }])
  expect(judged(deadOnce, late).unknownBecause).toEqual([
    '0 holds were seen during memory-death redis-1, and a-drill needs 1 to tell anything (evidence.holdsDuringFault)',
  ])
})
