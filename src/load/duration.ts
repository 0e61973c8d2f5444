import type { Load } from '../plan/scenario.ts'

/** How long a load lasts, in ms from its start; of executors that count iterations, at most. */
export function loadDurationMs(load: Load): number {
  switch (load.executor) {
    case 'ramping-arrival-rate':
      return load.startTime + load.stages.reduce((sum, { duration }) => sum + duration, 0)
    case 'per-vu-iterations':
    case 'shared-iterations':
      return load.startTime + load.maxDuration
    default:
      return load.startTime + load.duration
  }
}
