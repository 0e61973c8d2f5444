import { UsageError } from '../lib/failure.ts'
import { listed, suggest } from '../lib/nearest.ts'
import { metricNamed, metrics, type Aggregation, type Metric, type MetricName } from './metrics.ts'
import type { WrittenThreshold } from './scenario.ts'

/**
 * Thresholds in k6's syntax: `count==0`, `p(99)<250`, `'overlaps{blame:topology}': ['count<=2']`, and
 * `{ threshold: 'count==0', abortOnFail: true, delayAbortEval: '1s' }`.
 * Percentiles are those of the report (nearest rank, history/samples.ts), where k6 interpolates.
 * https://grafana.com/docs/k6/latest/using-k6/thresholds/
 */
export interface Threshold {
  /** As it was written: `overlaps{blame:topology}`. */
  metric: string
  /** Without the tag. */
  name: string
  tag: { name: string; value: string } | undefined
  expression: string
  kind: Metric['kind']
  aggregation: Aggregation
  /** Of `p(N)`. */
  percentile: number | undefined
  comparison: Comparison
  limit: number
  /** Whether the drill ends as soon as it is crossed, and from which time of the load on. */
  abortOnFail: boolean
  delayAbortEvalMs: number
}

/**
 * What can only grow: what was counted in the middle of a drill is still there at its end. Of the others (lost updates, leaked keys,
 * latencies) nothing is known before.
 */
const growing: readonly string[] = [
  'overlaps',
  'duplicates',
  'oversold',
  'negative_stock',
  'fence_violations',
  'foreign_releases',
] satisfies MetricName[]

const comparisons = {
  '<': (value, limit) => value < limit,
  '<=': (value, limit) => value <= limit,
  '>': (value, limit) => value > limit,
  '>=': (value, limit) => value >= limit,
  '==': (value, limit) => value === limit,
  '===': (value, limit) => value === limit,
  '!=': (value, limit) => value !== limit,
} satisfies Record<string, (value: number, limit: number) => boolean>
type Comparison = keyof typeof comparisons

const metricSyntax = /^\s*([\w-]+)\s*(?:\{\s*([\w-]+)\s*:\s*([\w-]+)\s*\})?\s*$/
const expressionSyntax =
  /^\s*(?:(count|rate|value|avg|min|med|max)|p\(\s*(\d+(?:\.\d+)?)\s*\))\s*(<=|>=|===|==|!=|<|>)\s*(-?\d+(?:\.\d+)?)\s*$/

/** @throws UsageError: one sentence, without where it stands */
export function parseThreshold(metric: string, threshold: WrittenThreshold): Threshold {
  const parsed = parseExpression(metric, typeof threshold === 'string' ? threshold : threshold.threshold)
  if (typeof threshold === 'string' || !threshold.abortOnFail) return parsed
  checkAbort(parsed)
  return { ...parsed, abortOnFail: true, delayAbortEvalMs: threshold.delayAbortEval }
}

/** A drill may end early only where what is crossed stays crossed. */
function checkAbort({ name, comparison, limit, expression }: Threshold): void {
  if (!growing.includes(name))
    throw new UsageError(
      `${name} is known at the end of a drill only; abortOnFail is for what can only grow: ${listed(growing)}`,
    )
  const staysCrossed = comparison.startsWith('<') || (limit === 0 && /^={2,3}$/.test(comparison))
  if (!staysCrossed)
    throw new UsageError(
      `"${expression}" may be kept again after it was crossed, so that it cannot end a drill early; abortOnFail is for <, <= and ==0`,
    )
}

function parseExpression(metric: string, expression: string): Threshold {
  const written = metricSyntax.exec(metric)
  if (!written)
    throw new UsageError(`"${metric}" is no metric; write a name, or a name and a tag as in overlaps{blame:lock}`)
  const [, name = '', tag, value] = written
  const known = metricNamed(name)
  if (!known) throw new UsageError(`there is no metric ${name}; ${suggest(name, Object.keys(metrics))}`)
  if (tag !== undefined && value !== undefined) checkTag(name, known, tag, value)

  const parsed = expressionSyntax.exec(expression)
  if (!parsed)
    throw new UsageError(
      `"${expression}" is no threshold; write for example ${example(known)} (${words(known)}, then <, <=, >, >=, == or !=, then a number)`,
    )
  const [, word, percentile, comparison, limit] = parsed
  const aggregation = (word ?? 'p') as Aggregation
  if (!known.aggregations.includes(aggregation))
    throw new UsageError(`${name} has no ${word ?? 'p(N)'}; it has ${words(known)}, for example ${example(known)}`)
  if (percentile !== undefined && Number(percentile) > 100)
    throw new UsageError(`p(${percentile}) is no percentile; N is between 0 and 100`)
  return {
    metric: tag === undefined ? name : `${name}{${tag}:${value}}`,
    name,
    tag: tag === undefined || value === undefined ? undefined : { name: tag, value },
    expression: expression.trim(),
    kind: known.kind,
    aggregation,
    percentile: percentile === undefined ? undefined : Number(percentile),
    comparison: comparison as Comparison,
    limit: Number(limit),
    abortOnFail: false,
    delayAbortEvalMs: 0,
  }
}

/**
 * A scenario's thresholds, and `count==0` for every safety metric that it does not mention.
 *
 * Budgets by tag leave the rest as strict as it was: with `overlaps{blame:topology}: count<=2` the default is `count==0` for each
 * other blame, and the budgeted overlaps are not counted twice. A threshold on `overlaps` itself replaces the default for all of them.
 */
export function allThresholds(written: Readonly<Record<string, readonly WrittenThreshold[]>>): Threshold[] {
  const own = Object.entries(written).flatMap(([metric, expressions]) =>
    expressions.map((expression) => parseThreshold(metric, expression)),
  )
  const defaults = Object.entries<Metric>(metrics).flatMap(([name, metric]) => {
    if (metric.kind !== 'safety') return []
    const mine = own.filter((threshold) => threshold.name === name)
    if (mine.some(({ tag }) => tag === undefined)) return []
    if (mine.length === 0) return [parseThreshold(name, 'count==0')]
    return Object.entries(metric.tags ?? {}).flatMap(([tag, values]) =>
      values
        .filter((value) => !mine.some((threshold) => threshold.tag?.value === value))
        .map((value) => parseThreshold(`${name}{${tag}:${value}}`, 'count==0')),
    )
  })
  return [...defaults, ...own]
}

/** Whether a value keeps within a threshold. What was not measured (null) keeps nothing: a promise without evidence is not kept. */
export const keeps = ({ comparison, limit }: Threshold, value: number | null): boolean =>
  value !== null && comparisons[comparison](value, limit)

function checkTag(name: string, metric: Metric, tag: string, value: string): void {
  const tags = metric.tags ?? {}
  const values = Object.hasOwn(tags, tag) ? tags[tag] : undefined
  if (!values)
    throw new UsageError(
      Object.keys(tags).length === 0
        ? `${name} has no tags`
        : `${name} has no tag ${tag}; ${suggest(tag, Object.keys(tags))}`,
    )
  if (!values.includes(value)) throw new UsageError(`${name} has no ${tag} "${value}"; ${suggest(value, values)}`)
}

const words = ({ aggregations }: Metric) =>
  listed(
    aggregations.map((word) => (word === 'p' ? 'p(N)' : word)),
    'or',
  )

const example = ({ kind, aggregations }: Metric) =>
  kind === 'safety' ? 'count==0' : kind === 'latency' ? 'p(99)<250' : `${aggregations[0]}<1`
