import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { workloads, type WorkloadKind } from '../workloads/index.ts'
import type { Plan } from './scenario.ts'

const folder = fileURLToPath(new URL('../../k6', import.meta.url))

/** The script that k6 runs: the user's, from where the command was typed, or ours, which is named as the door is (`/orders`: orders.js). */
export function k6Script({ driver, workload }: Pick<Plan, 'driver' | 'workload'>, cwd: string): string {
  if (driver.name === 'k6' && driver.script !== undefined) return resolve(cwd, driver.script)
  const [, name] = workloads[workload.kind as WorkloadKind].door.path.split('/')
  return resolve(folder, `${name}.js`)
}
