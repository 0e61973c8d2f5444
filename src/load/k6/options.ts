import type { Load } from '../../plan/scenario.ts'
import type { BesideContext } from '../load.ts'

/** What k6 is told by its configuration file, which a script's own `options` override. */
export interface K6Options {
  scenarios: { picklock: Record<string, unknown> }
  thresholds: Record<string, string[]>
}

type Settings = Pick<BesideContext, 'load' | 'thresholds'>

/** The drill's load and thresholds are k6's, name by name; what k6 has no word for is left out. Pure. */
export const k6Options = ({ load, thresholds }: Settings): K6Options => ({
  scenarios: { picklock: scenario(load) },
  thresholds: thresholdsOf(thresholds),
})

function scenario(load: Load): Record<string, unknown> {
  const { via: _, ...words } = load
  const common = { ...words, startTime: ms(load.startTime), gracefulStop: ms(load.gracefulStop) }
  switch (load.executor) {
    case 'constant-vus':
      return { ...common, duration: ms(load.duration) }
    case 'per-vu-iterations':
    case 'shared-iterations':
      return { ...common, maxDuration: ms(load.maxDuration) }
    case 'constant-arrival-rate': {
      const [scale, [rate]] = whole([load.rate])
      return { ...common, ...crew(load), rate, timeUnit: ms(load.timeUnit * scale), duration: ms(load.duration) }
    }
    case 'ramping-arrival-rate': {
      const [scale, [startRate, ...targets]] = whole([load.startRate, ...load.stages.map(({ target }) => target)])
      const stages = load.stages.map(({ duration }, stage) => ({ target: targets[stage], duration: ms(duration) }))
      return { ...common, ...crew(load), startRate, timeUnit: ms(load.timeUnit * scale), stages }
    }
  }
}

/** k6 drops the iteration for which it begins to make a user, and wants one at least: all are made beforehand unless the scenario says less. */
const crew = ({ preAllocatedVUs, maxVUs }: { preAllocatedVUs: number; maxVUs: number }) => ({
  preAllocatedVUs: preAllocatedVUs === 0 ? maxVUs : preAllocatedVUs,
  maxVUs,
})

const decimalsMax = 6

/** k6's rates are whole numbers: 2.5 a second are 25 in ten. */
function whole(rates: number[]): [scale: number, rates: number[]] {
  let scale = 1
  while (scale < 10 ** decimalsMax && rates.some((rate) => !Number.isInteger(rate * scale))) scale *= 10
  return [scale, rates.map((rate) => Math.round(rate * scale))]
}

const ms = (duration: number) => `${duration}ms`

/** Of Picklock's metrics those that k6 measures, too, from its side of the door. */
const twins: Record<string, string> = { request_duration: 'http_req_duration', errors: 'http_req_failed' }

function thresholdsOf(written: Settings['thresholds']): K6Options['thresholds'] {
  const entries = Object.entries(written).flatMap(([metric, thresholds]) => {
    const twin = twins[metric.trim()]
    if (twin === undefined) return []
    const expressions = thresholds.map((each) => (typeof each === 'string' ? each : each.threshold))
    // k6 cannot count the requests in a trend.
    const known = expressions.filter((expression) => !expression.trim().startsWith('count'))
    return known.length > 0 ? [[twin, known] as const] : []
  })
  return Object.fromEntries(entries)
}

/** What a script finds in `__ENV`, beside the doors: `PRODUCTS`, `AMOUNT_MIN` for `amount.min`. Numbers only. */
export function workloadEnv(options: Readonly<Record<string, unknown>>, before = ''): Record<string, string> {
  return Object.fromEntries(
    Object.entries(options).flatMap(([key, value]) => {
      const name = before + key.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()
      if (typeof value === 'number') return [[name, String(value)]]
      return typeof value === 'object' && value !== null
        ? Object.entries(workloadEnv(value as Record<string, unknown>, `${name}_`))
        : []
    }),
  )
}
