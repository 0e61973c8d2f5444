import { faults, type FaultName } from '../faults/index.ts'
import { random } from '../lib/random.ts'
import { loadDurationMs } from '../load/duration.ts'
import type { PlannedFault, Scenario } from './scenario.ts'
import { parametersOf } from './schema.ts'

/**
 * Resolves the faults' times. A fault without `at` and `when` begins about a third into the load: the seed draws within a tenth of the
 * load around that, so that seeds differ and one seed never does. A fault without `for` lasts a third of the load.
 */
export function schedule(scenario: Scenario, seed: number): PlannedFault[] {
  const total = loadDurationMs(scenario.load)
  return scenario.faults.map((fault, index) => {
    const draw = random(seed, 'schedule', index)
    const forMs = fault.for ?? Math.round(total / 3)
    const drawnMs = Math.round(total * (1 / 3 + (draw() - 0.5) / 10))
    return {
      fault: fault.fault,
      target: fault.target ?? faults[fault.fault as FaultName].defaultTarget,
      ...(fault.when === undefined ? { atMs: fault.at ?? drawnMs } : { when: fault.when, after: fault.after ?? 1 }),
      forMs,
      parameters: parametersOf(fault),
    }
  })
}
