import { k6Script } from '../plan/k6-script.ts'
import type { Plan } from '../plan/scenario.ts'
import { workloadOf } from './drive.ts'
import { inspect } from './k6/inspect.ts'

/** Whether k6 takes what a drill would give it. Throws UsageError with k6's reason, EnvironmentError where there is no k6. */
export function inspectPlan(plan: Plan, cwd: string): void {
  const { load, seed, thresholds, driver, workload } = plan
  const script = k6Script(plan, cwd)
  const shown = driver.name === 'k6' && driver.script !== undefined ? driver.script : `the script for ${workload.kind}`
  inspect({ load, seed, workload: workloadOf(plan), thresholds, script }, { shown, cwd })
}
