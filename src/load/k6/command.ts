import { workloadEnv } from './options.ts'
import type { BesideContext } from '../load.ts'

/** Files of one k6, and its share of the whole. */
export interface Instance {
  /** 0-based. */
  index: number
  config: string
  /** Every sample, a line of JSON each; deleted with the drill. */
  samples: string
  /** k6's own summary. */
  summary: string
}

/**
 * The environment of every k6 that we start: nothing of the user's own K6_… settings, no REST API, no cloud, no fetching of extensions.
 * `undefined` takes a variable away.
 */
export function k6Env(env: NodeJS.ProcessEnv = process.env): Record<string, string | undefined> {
  const settings = Object.keys(env).filter((name) => name.startsWith('K6_'))
  return {
    ...Object.fromEntries(settings.map((name) => [name, undefined])),
    K6_AUTO_EXTENSION_RESOLUTION: 'false',
    K6_NO_USAGE_REPORT: 'true',
    NO_COLOR: '1',
  }
}

/** What a script of anybody's finds in `__ENV`: DOORS, SEED, and the workload's options (docs/scaling.md). */
export function scriptEnv({ doors, seed, workload }: Pick<BesideContext, 'doors' | 'seed' | 'workload'>): string[] {
  const env = { ...workloadEnv(workload), DOORS: doors.join(','), SEED: String(seed) }
  return Object.entries(env).flatMap(([name, value]) => ['-e', `${name}=${value}`])
}

/** `k6 run` for one of `instances` (https://grafana.com/docs/k6/latest/using-k6/k6-options/reference/#execution-segment). */
export function runArgs(context: BesideContext, { index, config, samples, summary }: Instance): string[] {
  return [
    'run',
    '--quiet',
    '--no-usage-report',
    '--log-format=json',
    `--config=${config}`,
    `--out=json=${samples}`,
    `--summary-export=${summary}`,
    `--summary-trend-stats=${trendStats}`,
    ...segment(index, context.instances),
    ...scriptEnv(context),
    context.script,
  ]
}

const trendStats = 'avg,min,med,max,p(90),p(95),p(99),p(99.9),count'

/** Exactly a share of the executor's users and iterations; the sequence is the same for all, so that no iteration is anybody else's. */
function segment(index: number, instances: number): string[] {
  if (instances === 1) return []
  const cut = (at: number) => (at === 0 ? '0' : at === instances ? '1' : `${at}/${instances}`)
  const sequence = Array.from({ length: instances + 1 }, (_, at) => cut(at)).join(',')
  return [`--execution-segment=${cut(index)}:${cut(index + 1)}`, `--execution-segment-sequence=${sequence}`]
}
