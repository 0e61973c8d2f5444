import type { Children } from '../lib/children.ts'
import { k6Script } from '../plan/k6-script.ts'
import type { Plan } from '../plan/scenario.ts'
import { loadDurationMs } from './duration.ts'
import { loadDrivers } from './index.ts'
import type { BesideLoad, BesideProgress, Driven, LoadDriver } from './load.ts'

/** The servers, as far as whoever drives the load needs them. */
interface Servers {
  doors: readonly string[]
  /** Each begins its part; resolves when all have ended it, or are killed for being far later than `maxMs`. */
  load(maxMs: number): Promise<void>
  stop(gracefulMs: number): void
  stirred(signal: AbortSignal): Promise<void>
}

/** The load of a drill that is under way, whoever makes it. */
export interface Drive {
  /** Resolves when it is over, with what was seen from beside. */
  ended: Promise<Driven | undefined>
  /** Of a driver beside the controller. */
  progress(): BesideProgress | undefined
  /** Begins nothing more; what is under way ends within `gracefulMs`. */
  stop(gracefulMs: number): void
}

/** What k6 may take to make its users before the first request, and to sum up after the last. */
const besideMs = 90_000

/** Begins the load; resolves when the first request is under way. */
export async function beginLoad(
  plan: Plan,
  {
    servers,
    children,
    logs,
    cwd,
    signal,
  }: { servers: Servers; children: Children; logs: string; cwd: string; signal: AbortSignal },
): Promise<Drive> {
  const driver: LoadDriver = loadDrivers[plan.driver.name]
  const maxMs = loadDurationMs(plan.load) + plan.load.gracefulStop
  if (driver.beside === undefined)
    return {
      ended: servers.load(maxMs).then(() => undefined),
      progress: () => undefined,
      stop: (gracefulMs) => servers.stop(gracefulMs),
    }

  const inside = servers.load(maxMs + besideMs)
  const beside = await driver.beside({
    load: plan.load,
    seed: plan.seed,
    workload: workloadOf(plan),
    thresholds: plan.thresholds,
    doors: servers.doors,
    script: k6Script(plan, cwd),
    instances: plan.driver.name === 'k6' ? plan.driver.instances : 1,
    children,
    logs,
  })
  const ended = endOf(beside, inside, servers)
  const over = new AbortController()
  const first = servers.stirred(AbortSignal.any([signal, over.signal]))
  await Promise.race([first, ended])
  over.abort()
  return {
    ended,
    progress: () => beside.progress(),
    stop(gracefulMs) {
      beside.stop()
      servers.stop(gracefulMs)
    },
  }
}

/** The workload's own options. */
export function workloadOf({ workload }: Plan): Readonly<Record<string, unknown>> {
  const { kind: _, ...options } = workload
  return options
}

/** The servers wait for the end of who asks. */
async function endOf(beside: BesideLoad, inside: Promise<void>, servers: Servers): Promise<Driven> {
  const driven = await beside.ended
  servers.stop(0)
  await inside
  return driven
}
