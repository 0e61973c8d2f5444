import type { Endpoints, TopologyKind } from '../../src/locks/lock.ts'

/** What the soak and one of its shop processes say to each other over Node's IPC channel. */
export interface Orders {
  kind: 'start'
  topology: TopologyKind
  endpoints: Endpoints
  server: string
  seed: number
}
export type ToClient = Orders | { kind: 'stop' }

/** `[key, fromNs, toNs]` on CLOCK_MONOTONIC: the caller believed to hold the key. */
export type Belief = [key: string, fromNs: number, toNs: number]

/** Totals so far, and what stands at this moment. */
export interface Sample {
  calls: number
  grants: number
  contended: number
  definite: number
  indefinite: number
  lost: number
  /** Calls that did not settle within a second of their own deadline. */
  unsettled: number
  /** Rejections that nobody handled, and warnings of Node's (a listener leak is one). */
  unhandled: string[]
  /** On the lock's ioredis clients and on a signal that all calls share. */
  listeners: number
  clients: number
  timers: number
  heapMb: number
}

export type FromClient = ({ kind: 'sample' } & Sample) | { kind: 'beliefs'; beliefs: Belief[] } | { kind: 'stopped' }
