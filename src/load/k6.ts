import type { LoadDriver } from './load.ts'

/**
 * k6 beside the controller makes the load, through the servers' HTTP doors. A server only waits until it is told that it is over.
 * https://grafana.com/docs/k6/latest/using-k6/scenarios/executors/
 */
export const k6: LoadDriver = {
  title: "k6, beside the controller, through the servers' HTTP doors",
  docs: [
    "`--load k6` runs `k6/orders.js`, `coupons.js`, `points.js` or `mutex.js`, by the workload, with the scenario's `load`; `--k6-script` runs yours, with its own options if it has some.",
    'A script finds in `__ENV`: `DOORS` (addresses, with commas), `SEED`, and the numbers of the workload by their names (`PRODUCTS`, `AMOUNT_MIN`, `RESUBMIT`).',
    "The report has both views: the servers' (`request_duration`), and k6's, with `k6_` before its own names (`k6_http_req_duration`).",
    'k6 judges its own thresholds, and thresholds on `request_duration` and `errors` as `http_req_duration` and `http_req_failed`: one that is crossed is exit code 99.',
    '`--load-instances` shares the load among several processes of k6 (docs/scaling.md).',
  ].join(' '),
  async run({ signal }) {
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    return { iterations: 0, droppedIterations: 0, interruptedIterations: 0 }
  },
  // Loaded where it is used: a server starts in a blink.
  beside: async (context) => (await import('./k6/instances.ts')).startInstances(context),
}
