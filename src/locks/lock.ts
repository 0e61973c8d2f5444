import type { Redis, RedisOptions } from 'ioredis'

/**
 * The lock under test, in process: a module whose default export is a plain object of this shape. A lock of one's own needs no
 * import from Picklock: the fields are the contract. `G` is what it gives out, where that carries more than a grant's own fields.
 */
export interface Lock<G extends Grant = Grant> {
  name: string
  /** Where it makes sense; default: everywhere. */
  topologies?: readonly TopologyKind[]
  /** What it does by itself; default: nothing. */
  capabilities?: { extend?: boolean; autoExtend?: boolean; fencing?: boolean }
  /** Globs, as in Redis KEYS, of keys that live on by design (fence counters). */
  bookkeeping?: readonly string[]
  /** Runs once per server process. */
  open(env: LockEnv): Promise<OpenLock<G>> | OpenLock<G>
}

export type TopologyKind = 'single' | 'sentinel' | 'redlock'

export interface OpenLock<G extends Grant = Grant> {
  /**
   * A grant, or `null`: contended until `waitMs` ran out, definitely not held. `waitMs: 0` means one try. A throw is indeterminate,
   * unless the error has `definite: true`: then nothing was applied.
   */
  acquire(key: string, options: { ttlMs: number; waitMs: number; signal: AbortSignal }): Promise<G | null>
  /** `false`: it was no longer ours. */
  release(grant: G): Promise<boolean>
  extend?(grant: G, ttlMs: number): Promise<boolean | { validForMs?: number }>
  /** What it has counted so far, under names of its own: asked once at the end, before `close`; the report shows the sums of all servers. */
  counters?(): Record<string, number>
  close?(): Promise<void> | void
}

/** All fields are optional. */
export interface Grant {
  token?: string
  /** An integer. */
  fence?: number | bigint | string
  /** How long the lock itself claims to hold, counted from the moment `acquire` resolved. */
  validForMs?: number
  /** Fires when the lock knows that it lost. */
  lost?: AbortSignal
}

export interface LockEnv {
  topology: TopologyKind
  /** How many logical Redis servers there are: 1, or the number of nodes of a Redlock topology. */
  size: number
  /** `server-1` */
  server: string
  /** A new ioredis client each time, through this server's links, with ioredis' own defaults: timeouts, retries and queues are part of what is tested. */
  connect(node?: number, options?: RedisOptions): Redis
  endpoints: Endpoints
  /** From the scenario or `--lock-option k=v`. */
  options: Record<string, unknown>
  log(text: string): void
}

/** How a lock in any language reaches its Redis: plain JSON. */
export interface Endpoints {
  password: string
  /** One entry per logical Redis; empty for Sentinel. */
  redis: Address[]
  sentinel?: { name: string; password: string; nodes: Address[]; natMap: Record<string, Address> }
}

export interface Address {
  host: string
  port: number
}
