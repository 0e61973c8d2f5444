import type { z } from 'zod'
import type { Link, Links } from '../links/links.ts'
import type { NodeHandle } from '../runtimes/runtime.ts'
import type { Cluster } from '../topologies/topology.ts'

/**
 * A fault carries its own proof and its own cure. `inject` does it and proves that it landed; the result heals it. A member never
 * schedules: when, on whom and for how long is the drill's business.
 */
export interface Fault<Parameters extends z.ZodObject = z.ZodObject> {
  name: string
  /** One line for `picklock list faults`. */
  title: string
  /** What it is, what a lock feels of it, and what proves that it landed; for the reference page. */
  docs: string
  group: 'nodes' | 'links' | 'servers' | 'sentinel'
  /** Its colour on plots, with enough contrast on light and dark. */
  color: string
  parameters: Parameters
  /** The target used where a scenario names none. */
  defaultTarget: string
  inject(target: Target, parameters: z.infer<Parameters>, stage: Stage): Promise<Injection>
}

/** A resolved target: what the scenario's word (`primary`, `minority`, `servers→primary`) means at the moment of injection. */
export interface Target {
  /** For people and the report: `redis-1`, or `server-1→redis-1, server-2→redis-1`. */
  label: string
  nodes: NodeHandle[]
  links: Link[]
  servers: ServerHandle[]
}

export interface Stage {
  cluster: Cluster
  /** All links, for a fault whose target is a node and which acts on what lies around it. */
  links: Pick<Links, 'get' | 'all'>
  /** Uniform in [0, 1), of the drill's seed: what a fault draws, a second run draws again. */
  random(): number
  /** How long it is meant to last: for what a node is told to do until a time, and must stop by itself if nobody heals it. */
  forMs: number
  log(text: string): void
  signal: AbortSignal
}

export interface Injection {
  /** False: the fault did not land, and the verdict cannot be `valid`. */
  landed: boolean
  /** What was seen: `pid 123 gone, PING refused`. Where it did not land, why. */
  proof: string
  /** Undoes it and resolves when the undoing is seen; called exactly once, on every path. */
  heal(): Promise<void>
}

/** Of a fault that found nothing to hit: why, and nothing to undo. */
export const nothingDone = (proof: string): Injection => ({ landed: false, proof, heal: () => Promise.resolve() })

/** A server process as a fault sees it. */
export interface ServerHandle {
  name: string
  pid: number | undefined
  /** Signals the server and the stdio program that shares its fate. */
  signal(signal: NodeJS.Signals): void
}
