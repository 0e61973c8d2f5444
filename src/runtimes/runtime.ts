import type { Address } from '../locks/lock.ts'

/** Where nodes live: child processes, containers, or what already runs. */
export interface Runtime extends AsyncDisposable {
  kind: 'process' | 'docker' | 'attach'
  /** The password of this drill. */
  password: string
  /** The drill's own folder for data, logs and configuration; removed at the end. */
  folder: string
  /** Starts a redis-server (or a Sentinel) and resolves when it answers PING. Tries another port if the chosen one is taken. */
  startNode(spec: NodeSpec): Promise<NodeHandle>
  /** Starts the drill's one Toxiproxy and resolves with its API's address. */
  startToxiproxy(): Promise<{ api: string; logFile: string; version: string }>
  /** A free port of this drill's block (see lib/ports.ts). */
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
  pid: number | undefined
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
   * What the running process may allocate beyond what it has now, or `undefined` for no limit. An allocation past it fails, as on a full machine.
   * Ends with the process. Throws where the operating system has no way to do it.
   */
  limitMemory(headroomBytes: number | undefined): Promise<void>
}
