import type { LoadDriver } from './load.ts'

/**
 * k6 beside the controller makes the load, through the servers' HTTP doors. A server only waits until it is told that it is over.
 * https://grafana.com/docs/k6/latest/using-k6/scenarios/executors/
 */
export const k6: LoadDriver = {
  async run({ signal }) {
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    return { iterations: 0, droppedIterations: 0, interruptedIterations: 0 }
  },
  // Loaded where it is used: a server starts in a blink.
  beside: async (context) => (await import('./k6/instances.ts')).startInstances(context),
}
