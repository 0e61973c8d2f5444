import type { Resumed } from '../load/load.ts'
import type { Endpoints } from '../locks/lock.ts'
import type { Plan } from '../plan/scenario.ts'

/** What the controller and a server process say to each other over Node's IPC channel. */

/** Controller → server. */
export type ToServer =
  | { kind: 'configure'; configuration: ServerConfiguration }
  /** Begin the load now (all servers have said `ready`). */
  | { kind: 'load'; peers: Record<string, string>; resumed?: Resumed }
  /** A server has a new address. */
  | { kind: 'peers'; peers: Record<string, string> }
  | StandStill
  /** Say once that, and what, you hold: now, or as soon as you do. */
  | { kind: 'tell-holding'; order: number }
  /** No new iterations; let what is under way end within `gracefulMs`, then say `finished`. */
  | { kind: 'stop'; gracefulMs: number }
  /** Take every key that you asked for once more, but for those on the nodes, then say `audited`. */
  | { kind: 'audit'; order: number; busy: readonly string[] }
  /** Close the lock, flush the history, say `closed` and exit. */
  | { kind: 'close' }

/** A fault on the server itself (stand-still.ts). The answer is `standing-still`, or nothing. */
export interface StandStill {
  kind: 'stand-still'
  /** Names the order in its answer. */
  order: number
  /** SIGSTOP to itself and to its programs, or a busy loop in its event loop. */
  by: 'signal' | 'loop'
  /** Wait for a moment at which it holds a lock. */
  whileHolding: boolean
  /** CLOCK_MONOTONIC, ns, decimal: after it the order is void. */
  beforeNs: string
  /** The loop ends when this file is gone. */
  until: string
}

/** Server → controller. */
export type FromServer =
  /** The lock is open and the door listens. `pids` are programs that share its fate (stdio). */
  | { kind: 'ready'; door: string; lock: LockDescription; pids: number[] }
  /** It could not come up: a user's mistake (one sentence), or `definite: false` for an environment's failure. */
  | { kind: 'failed'; message: string; usage: boolean }
  /** At most every few ms, and only when something changed. */
  | ({ kind: 'progress' } & Progress)
  | { kind: 'finished' }
  /** Said in the moment before it stands still. `t`: ns of the drill's clock; `holding`: the keys that it holds. */
  | { kind: 'standing-still'; order: number; t: number; holding: readonly string[] }
  | { kind: 'holding'; order: number; holding: readonly string[] }
  | { kind: 'audited'; order: number }
  | { kind: 'closed' }

export interface LockDescription {
  name: string
  topologies: readonly string[]
  capabilities: { extend?: boolean; autoExtend?: boolean; fencing?: boolean }
  bookkeeping: readonly string[]
}

/** The exit code of a server whose history cannot be written. */
export const unwritableCode = 4

/** Totals since the start of this server process. */
export interface Progress {
  requests: number
  acquired: number
  extending: number
  releasing: number
  contended: number
  errors: number
  /** Keys it believes to hold right now. */
  holding: string[]
}

export const nothingYet: Readonly<Progress> = {
  requests: 0,
  acquired: 0,
  extending: 0,
  releasing: 0,
  contended: 0,
  errors: 0,
  holding: [],
}

export interface ServerConfiguration {
  server: string
  /** 0-based among the drill's servers, and how many there are: its share of the load. */
  index: number
  count: number
  plan: Plan
  endpoints: Endpoints
  /** Comes before every key that the lock is asked for; what is recorded is the key without it. */
  keyPrefix?: string
  /** Absent where the workload needs no ledger. */
  ledger?: { url: string; schema: string }
  /** The history file to append to. */
  historyFile: string
  /** Where a program's (stdio) own log goes; default: beside the history. */
  logFolder?: string
  /** Where its door is, again after a crash; should somebody else be there, the system chooses. */
  doorPort: number
  /** Ops of this process start here; each incarnation of a server has its own ten million. */
  opBase: number
  /** The drill's start on CLOCK_MONOTONIC, ns, as a decimal string. */
  startNs: string
  /** The caller's directory, for a lock given as a file or a program. */
  cwd: string
}
