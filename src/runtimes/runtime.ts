import type { Address } from '../locks/lock.ts'

/** Where nodes live: child processes, containers, or what already runs. */
export interface Runtime extends AsyncDisposable {
  kind: 'process' | 'docker' | 'attach'
  /** The address of links, and of nodes where it starts them. */
  host: string
  /** Nodes ran before the drill and run on after it: `startNode` finds them by name, and whoever leads whom is known by asking. */
  standing?: boolean
  /** Comes before every key that a lock is asked for, on nodes that others use, too. */
  keyPrefix?: string
  /** Hears what the lock under test keeps beside its keys, by globs as in Redis KEYS. */
  keepsBooks?(globs: readonly string[]): void
  /** The address on which Toxiproxy's links listen. */
  listenHost: string
  /** The password of this drill. */
  password: string
  /** The drill's own folder for data, logs and configuration; removed at the end. */
  folder: string
  /** Starts a redis-server (or a Sentinel) and resolves when it answers PING. Tries another port if the chosen one is taken. */
  startNode(spec: NodeSpec): Promise<NodeHandle>
  /** Starts the drill's one Toxiproxy and resolves with its API's address. */
  startToxiproxy(): Promise<{ api: string; logFile: string; version: string }>
  /** A port of this drill's own that nobody listens on. */
  port(): Promise<number>
  versions(): Promise<Record<string, string>>
}

export interface NodeSpec {
  /** `redis-1`, `sentinel-2` */
  name: string
  kind: 'redis' | 'sentinel'
  port: number
  /** Lines of its configuration file beside the runtime's own (port, password, dir, loopback). */
  config: string[]
}

/** One node: a fault's handle on it. */
export interface NodeHandle extends Address {
  name: string
  kind: 'redis' | 'sentinel'
  /** With it one life of the node is told from the next. */
  pid: number | undefined
  /** Empty where its log is out of reach. */
  logFile: string
  /** `up`, `paused` or `down`, by the operating system's word, not by memory. */
  state(): Promise<'up' | 'paused' | 'down'>
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>
  /** On the same port, with or without the data it had; resolves when it answers. */
  restart(options: { keepData: boolean }): Promise<void>
  /** SIGSTOP / SIGCONT; resolve when the operating system says so. */
  pause(): Promise<void>
  resume(): Promise<void>
  /**
   * What the running process may allocate beyond what it has now, or `undefined` for what it had at first. It dies of an allocation past it: by itself where that
   * fails, by the kernel's hand where its container's limit is reached. Ends with the process. Throws where there is no way to do it.
   */
  limitMemory(headroomBytes: number | undefined): Promise<void>
  /** What proves that the node died of the memory limit that it was given last, or is at it; undefined where nothing does. */
  memoryDeath(): Promise<string | undefined>
  /**
   * Puts a directory where a file of its data folder belongs, so that nothing can be written there, also by root; an older file is kept aside. The result undoes
   * it. Undefined where there is one already. Throws where the folder is out of reach.
   */
  obstruct(file: string): Promise<(() => Promise<void>) | undefined>
}
