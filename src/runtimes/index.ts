import type { Children } from '../lib/children.ts'
import type { TopologyKind } from '../locks/lock.ts'
import type { EnvironmentError } from '../lib/failure.ts'
import type { AttachChoice } from './attach/stack.ts'
import { openProcessRuntime } from './process.ts'
import type { Runtime } from './runtime.ts'

/** What a runtime is opened with: the drill's processes, and where its logs go. */
export interface RuntimeContext {
  children: Children
  /** An existing folder for the logs of nodes and Toxiproxy. */
  logs: string
  /** Where nodes are containers: the images that are not the default ones. */
  images: Readonly<Record<string, string>> | undefined
  /** `attach`: what is attached to, where it was not found by itself. */
  attach?: AttachChoice | undefined
  /** What the topology is made of. */
  expects: { kind: TopologyKind; redis: readonly string[]; sentinels: readonly string[] }
  /** Planned faults that act on nodes, and whether they need more of a node than its address. */
  destructive: readonly { fault: string; onProcess: boolean }[]
  /** How many ports nodes and links will take. */
  ports: number
  say(text: string): void
  /** Hears that all nodes are out of reach, for a reason that is no fault of the drill's. */
  lost(why: EnvironmentError): void
}

export interface RuntimeMember {
  /** One line for the help. */
  title: string
  open(context: RuntimeContext): Promise<Runtime>
}

/** A node's own, its cluster link and a link of each server to it; and Toxiproxy's. */
export const portsFor = (nodes: number, servers: number): number => nodes * (servers + 2) + 1

export const runtimes = {
  process: { title: 'child processes of local redis-server and toxiproxy-server', open: openProcessRuntime },
  docker: {
    title: 'containers on a Docker engine, each with a memory limit',
    // Loaded on need, as is all that it needs.
    open: async (context: RuntimeContext) => (await import('./docker.ts')).openDockerRuntime(context),
  },
  attach: {
    title: 'what already runs, with a Toxiproxy in front',
    open: async (context: RuntimeContext) => (await import('./attach.ts')).openAttachRuntime(context),
  },
} satisfies Record<Runtime['kind'], RuntimeMember>
