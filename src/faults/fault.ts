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
  /** Acts on a node's process or files: its address is not enough. */
  onProcess?: boolean
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
  /** The scenario said `holder`: the fault strikes at a moment at which the server holds a lock, by its own word, or does not land. */
  whileHolding?: boolean
}

export interface Stage {
  cluster: Cluster
  /** All links, for a fault whose target is a node and which acts on what lies around it. */
  links: Pick<Links, 'get' | 'all'>
  /** Uniform in [0, 1), of the drill's seed: what a fault draws, a second run draws again. */
  random(): number
  /** ns since the drill's start. */
  now(): number
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
  /** By `Stage.now`, from when locks felt it, where the proof came well after that. */
  feltNs?: number
  /** Undoes it and resolves when the undoing is seen; called exactly once, on every path. */
  heal(): Promise<void>
}

/** Of a fault that found nothing to hit: why, and nothing to undo. */
export const nothingDone = (proof: string): Injection => ({ landed: false, proof, heal: () => Promise.resolve() })

/** A server as a fault sees it: its process, and the stdio program that shares its fate. */
export interface ServerHandle {
  name: string
  pid: number | undefined
  /** Of the server, and of its programs. */
  pids: readonly number[]
  /** By the operating system's word; `paused` where all of them are. */
  state(): 'up' | 'paused' | 'down'
  /** ms of CPU time that the server has used; undefined where it is gone, or the operating system does not tell. */
  cpuMs(): number | undefined
  /** The base address of its HTTP door. */
  door: string
  /** SIGSTOP; resolves when the operating system says so. `whileHolding`: at a moment at which it holds a lock, within 2 s. */
  pause(options: { whileHolding: boolean }): Promise<Halt>
  /** SIGCONT; resolves when the operating system says so. Does nothing where it is gone. */
  resume(): Promise<void>
  /** A busy loop in its event loop, until `unblock`. */
  block(options: { whileHolding: boolean }): Promise<Halt>
  unblock(): Promise<void>
  /** SIGKILL; resolves when nothing of it is left. */
  crash(): Promise<void>
  /** A new process in its place, which goes on with its share of the load. Resolves when it is ready. */
  restart(): Promise<void>
}

/** Whether a server stands still, and which keys it held by its own word when it began to. */
export type Halt = { halted: true; holding: readonly string[] } | { halted: false; why: string }
