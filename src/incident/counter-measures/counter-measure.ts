import type { WrittenScenario } from '../../plan/scenario.ts'
import type { Variant } from '../../variants/variant.ts'
import type { Facts } from '../facts.ts'
import type { InEach } from '../words/lang.ts'

/** What would have prevented it, as a change to the incident's drill that can be run. Pure: nothing is started here. */
export interface CounterMeasure {
  name: string
  title: InEach
  /** How the drill is changed by it, in a sentence. */
  change: InEach
  /** The action item that follows where it helped. */
  action: InEach
  term: 'short' | 'mid' | 'long'
  /** What is compared: the damage (overlaps, where nothing keeps books), or the keys that stayed behind. */
  judgedBy: 'damage' | 'leaked_keys'
  /** The lock on Redis is not taken: there are no overlaps to count. */
  withoutLock?: true
  /** Undefined: it has nothing to do with this incident. */
  runs(incident: Incident): Runs | undefined
}

export interface Incident {
  facts: Facts
  /** What replays it. */
  drill: Variant
  /** The scenario that Picklock has by this name. */
  registered(name: string): WrittenScenario
}

export interface Runs {
  /** With the counter-measure. */
  after: Variant
  /** What it is compared with; default: the incident's own drill. */
  before?: Variant
}

/** The lock whose fallbacks and breaker can be chosen. */
export const reference = (drill: Variant, lockOptions: Record<string, unknown>): Variant => ({
  ...drill,
  lock: 'reference',
  lockOptions,
})

export const workOf = (drill: Variant, change: Record<string, unknown>): WrittenScenario => ({
  ...drill.scenario,
  workload: { ...drill.scenario.workload, ...change },
})

/** Whether its workload can be told what guards it. */
export const keepsBooks = ({ scenario }: Variant): boolean => scenario.workload.kind !== 'mutex'

export const kindOf = ({ topology }: WrittenScenario): string =>
  typeof topology === 'string' ? topology : (topology as { kind: string }).kind
