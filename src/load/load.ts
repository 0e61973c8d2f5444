import type { Load } from '../plan/scenario.ts'

/**
 * Who starts iterations, and when. A driver runs inside a server process and starts its share (`index` of `count`) of the drill's
 * iterations with k6's meanings.
 */
export interface LoadDriver {
  /** Resolves when the executor has ended and its iterations have finished or were cut off after gracefulStop. */
  run(context: LoadContext): Promise<LoadResult>
}

export interface LoadContext {
  load: Load
  index: number
  count: number
  /** One iteration. `intendedNs` is when it was meant to start, `vu` the 1-based virtual user, `iteration` unique in the drill. Never throws. */
  iterate(iteration: { vu: number; iteration: number; intendedNs: number }): Promise<unknown>
  /** ns of the drill's clock. */
  now(): number
  /** Aborts new iterations. */
  signal: AbortSignal
  /** This server takes over the load of one that died: its executor goes on where that one was, and begins nothing a second time. */
  resumed?: Resumed
}

/** Times are ns of the drill's clock. */
export interface Resumed {
  /** When the load began. */
  beganNs: number
  /** What was due from then on, and before now, is dropped. */
  diedNs: number
  /** 1 for the first that follows another. */
  incarnation: number
  /** Iterations that its predecessors had ended by then, as far as they told. */
  answered: number
}

export interface LoadResult {
  iterations: number
  /** Iterations that could not start because no VU was free, as in k6. */
  droppedIterations: number
  /** Iterations that were still under way after gracefulStop. */
  interruptedIterations: number
}
