import type { MetricName } from '../plan/metrics.ts'
import type { Lock, TopologyKind } from './lock.ts'

/** A lock that Picklock brings along. */
export interface RegisteredLock {
  /** One line for `picklock list locks`. */
  title: string
  /** Lazily, so that a server loads the lock under test and no other. */
  load(): Promise<{ default: Lock }>
}

/** A lock that is wrong in one way, and the drill that has to see it. */
export interface BrokenLock extends RegisteredLock {
  /**
   * The scenario that was made for this bug, and where it is not the scenario's own, the topology. With a metric of service or latency the scenario has
   * to put a threshold on it: nobody is let in wrongly, and the drill ends with exit code 99.
   */
  caughtBy: { scenario: string; topology?: TopologyKind; metric: MetricName }
}

/** A lock that is right, and what it claims: no drill of these scenarios may accuse it. */
export interface SoundLock extends RegisteredLock {
  survives: readonly string[]
}
