import type { LatencySummary } from '../reporters/report.ts'
import type { Children } from '../lib/children.ts'
import type { Load } from '../plan/scenario.ts'

/**
 * Who starts iterations, and when, with k6's meanings: inside the server processes, each its share (`index` of `count`), or beside the
 * controller, through the servers' doors.
 */
export interface LoadDriver {
  /** One line for `picklock list` and the reference page. */
  title: string
  docs: string
  /** Its part inside a server. Resolves when the executor has ended and its iterations have finished or were cut off after gracefulStop. */
  run(context: LoadContext): Promise<LoadResult>
  /** Starts its part beside the controller; absent where there is none. Resolves when its processes are there. */
  beside?: (context: BesideContext) => Promise<BesideLoad>
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

export interface BesideContext {
  load: Load
  seed: number
  /** The workload's options. */
  workload: Readonly<Record<string, unknown>>
  /** The drill's thresholds, as they are written. */
  thresholds: Readonly<Record<string, readonly (string | { threshold: string })[]>>
  /** Addresses of the servers' doors; a server that comes back from a crash has its old one. */
  doors: readonly string[]
  /** What the driver runs: a script. */
  script: string
  instances: number
  children: Children
  /** The folder for logs. */
  logs: string
}

export interface BesideLoad {
  /** Resolves when all its processes are gone. Never rejects. */
  ended: Promise<Driven>
  /** So far. */
  progress(): BesideProgress
  /** Begins nothing more, and ends within a few seconds. */
  stop(): void
}

export interface BesideProgress {
  iterations: number
  vus: number
  dropped: number
}

/** What a driver beside the controller saw from its side of the doors. */
export interface Driven {
  /** By process (`k6-1`). */
  counts: Record<string, Record<string, number>>
  /** Over all its processes, by the driver's own names. */
  latencyMs: Record<string, LatencySummary | Record<string, never>>
  /** Those that it judged itself. */
  thresholds: { metric: string; threshold: string; value: number | null; ok: boolean }[]
  /** What makes its evidence incomplete, one sentence each. */
  notes: string[]
}
