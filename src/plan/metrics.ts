/**
 * The metrics that thresholds can be put on. `picklock list` and the reference page are made from this object.
 *
 * safety: something that must not happen; `count==0` unless the scenario sets a budget. latency: a distribution in ms. service: how well it went
 * otherwise. A crossed safety threshold makes a drill invalid; a crossed one of the others is exit code 99.
 */
export interface Metric {
  kind: 'safety' | 'latency' | 'service'
  /** Of its values, for the reference: `pairs`, `ms`, `per second`. */
  unit: string
  docs: string
  /** The words that may stand left of the comparison, in k6's spelling; `p` is `p(N)`. */
  aggregations: readonly Aggregation[]
  /** Tags by which a threshold can pick a part: `overlaps{blame:lock}`. */
  tags?: Record<string, readonly string[]>
}

export type Aggregation = 'count' | 'rate' | 'value' | 'avg' | 'min' | 'med' | 'max' | 'p'

const counted = ['count'] as const
const distribution = ['avg', 'min', 'med', 'max', 'p', 'count'] as const
const share = ['rate', 'count'] as const

export const metrics = {
  overlaps: {
    kind: 'safety',
    unit: 'pairs',
    docs: 'Pairs of holds of one key whose beliefs overlap, tagged by who is to blame.',
    aggregations: counted,
    tags: { blame: ['lock', 'holder', 'topology', 'unclear'] },
  },
  duplicates: {
    kind: 'safety',
    unit: 'orders, coupons, deductions',
    docs: 'Done twice, in the ledger: orders or deductions beyond the first with one request id; coupons beyond the first that one user got.',
    aggregations: counted,
  },
  oversold: {
    kind: 'safety',
    unit: 'units, coupons, points',
    docs: 'Units sold beyond the stock, coupons issued beyond the limit, or points spent beyond the balance, in the ledger.',
    aggregations: counted,
  },
  negative_stock: {
    kind: 'safety',
    unit: 'products, accounts',
    docs: 'Products whose stock, or accounts whose balance, ever went below 0, in the ledger.',
    aggregations: counted,
  },
  lost_updates: {
    kind: 'safety',
    unit: 'units, points',
    docs: 'Units sold minus the drop of the stock, per product, absolute, in the ledger; likewise points spent and the drop of the balance.',
    aggregations: counted,
  },
  fence_violations: {
    kind: 'safety',
    unit: 'grants',
    docs: 'Grants whose fence does not exceed an earlier one of their key, and lower fences that the ledger accepted.',
    aggregations: counted,
  },
  foreign_releases: {
    kind: 'safety',
    unit: 'holds',
    docs: "Holds whose key was taken away on its node by somebody else's call, whatever the lock answered.",
    aggregations: counted,
  },
  overclaims: {
    kind: 'safety',
    unit: 'grants',
    docs: 'Grants and extensions whose `validForMs` reached past the end of their key on the node (on a majority of nodes).',
    aggregations: counted,
  },
  leaked_keys: {
    kind: 'safety',
    unit: 'keys',
    docs: 'Keys that outlive all holds: without a time to live, with one beyond the largest TTL, or prolonged after their hold was released.',
    aggregations: counted,
  },
  unsettled: {
    kind: 'safety',
    unit: 'calls',
    docs: 'Calls to the lock that never answered.',
    aggregations: counted,
  },
  acquire_wait: {
    kind: 'latency',
    unit: 'ms',
    docs: 'From the call of acquire to its grant.',
    aggregations: distribution,
  },
  hold_time: {
    kind: 'latency',
    unit: 'ms',
    docs: 'From a grant to its release.',
    aggregations: distribution,
  },
  handoff: {
    kind: 'latency',
    unit: 'ms',
    docs: 'From a release to the next grant of the key, where somebody was waiting.',
    aggregations: distribution,
  },
  request_duration: {
    kind: 'latency',
    unit: 'ms',
    docs: 'From the intended start of a request to its answer.',
    aggregations: distribution,
  },
  release_duration: {
    kind: 'latency',
    unit: 'ms',
    docs: 'From the call of release to its answer.',
    aggregations: distribution,
  },
  recovery_time: {
    kind: 'latency',
    unit: 'ms',
    docs: 'From the heal of a fault to the first grant of a key.',
    aggregations: distribution,
  },
  errors: {
    kind: 'service',
    unit: 'requests',
    docs: 'The share of requests that were answered with unavailable or indeterminate.',
    aggregations: ['rate'],
  },
  unavailable: {
    kind: 'service',
    unit: 'requests',
    docs: 'Requests that found the lock unavailable, nothing applied; `rate` is their share of all.',
    aggregations: share,
  },
  contended: {
    kind: 'service',
    unit: 'requests',
    docs: 'Requests that waited in vain; `rate` is their share of all.',
    aggregations: share,
  },
  false_contention: {
    kind: 'service',
    unit: 'acquires',
    docs: 'Acquires that were refused as contended though nobody held the key while they waited; `rate` is their share of all requests.',
    aggregations: share,
  },
  bookkeeping_keys: {
    kind: 'service',
    unit: 'keys',
    docs: "Keys that are left at the end and match the lock's `bookkeeping`; `value` is how many there are for each key that was locked.",
    aggregations: ['count', 'value'],
  },
  commands_per_acquire: {
    kind: 'service',
    unit: 'commands',
    docs: 'Commands that all nodes carried out for the lock, for each grant; commands within a script count.',
    aggregations: ['value'],
  },
  throughput: {
    kind: 'service',
    unit: 'requests per second',
    docs: 'Requests done while the load was on, a second of it.',
    aggregations: ['rate', 'value'],
  },
  fairness: {
    kind: 'service',
    unit: 'ratio',
    docs: "Jain's index of the grants per server: 1 where all got the same.",
    aggregations: ['value'],
  },
} satisfies Record<string, Metric>

export type MetricName = keyof typeof metrics

export const metricNamed = (name: string): Metric | undefined =>
  Object.hasOwn(metrics, name) ? metrics[name as MetricName] : undefined
