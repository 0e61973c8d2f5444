import type { Children } from '../lib/children.ts'
import { openProcessRuntime } from './process.ts'
import type { Runtime } from './runtime.ts'

/** What a runtime is opened with: the drill's processes, and where its logs go. */
export interface RuntimeContext {
  children: Children
  /** An existing folder for the logs of nodes and Toxiproxy. */
  logs: string
}

interface RuntimeMember {
  /** One line for the help. */
  title: string
  open(context: RuntimeContext): Promise<Runtime>
}

export const runtimes = {
  process: { title: 'child processes of local redis-server and toxiproxy-server', open: openProcessRuntime },
} satisfies Partial<Record<Runtime['kind'], RuntimeMember>>
