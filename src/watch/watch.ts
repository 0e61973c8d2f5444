import { setTimeout as sleep } from 'node:timers/promises'
import { hasLockName } from '../audit/lock-like.ts'
import { globToRegExp } from '../audit/glob.ts'
import { Refused, Unreachable } from '../live/failure.ts'
import type { Target } from '../live/target.ts'
import { LockBook, type Counts, type Leak } from './book.ts'
import { MemoryTrend, type Memory } from './memory.ts'
import { lookUntilEnd } from './session.ts'
import { Keepers } from './way.ts'

export interface WatchOptions {
  target: Target
  /** Globs of the keys that are locks; where there are none, what is called one. */
  locks: readonly string[]
  ttlLimitMs: number
  everyMs: number
  /** Keys per second, at most, when it looks at all of them. */
  rate: number
  /** Of the memory limit: from here on it is an alarm. */
  alarmShare: number
  enableNotifications: boolean
  /** How long a connection that was lost is tried for again; 0: not at all. */
  reconnectMs: number
  /** Ends it, in order. */
  signal: AbortSignal
  /** What is worth a sentence: how it watches, and what that leaves unseen. */
  note(text: string): void
  look(look: Look): void
  lost(lost: Lost): void
  back(back: Back): void
}

/** What is known after each interval. */
export interface Look {
  node: string
  at: Date
  how: 'notifications' | 'sampling'
  locks: number
  withoutTtl: number
  counts: Counts
  leaks: Leak[]
  memory: Memory
  /** The memory has reached the level of the alarm since the last look. */
  alarm: boolean
}

/** From here on nothing is seen. */
export interface Lost {
  node: string
  at: Date
  /** A whole sentence. */
  why: string
  tryingForMs: number
}

/** It is seen again: after a failover of a Sentinel group perhaps on another node. */
export interface Back {
  node: string
  at: Date
  lostForMs: number
  /** Locks that were there before and are not any more. */
  unseen: number
}

/** What outlives a connection. */
export interface Watching extends WatchOptions {
  book: LockBook
  memory: MemoryTrend
  keepers: Keepers
  /** Whether the last look was above the level of the alarm. */
  alarmed: boolean
  isLock(key: string): boolean
  /** The node that was looked at last. */
  node: string | undefined
  /** The connection is gone since then. */
  gap: { sinceMs: number; failure: Unreachable } | undefined
  /** Since the last look. */
  tries: number
}

const firstDelayMs = 100
const delayMaxMs = 2000

/**
 * Watches until the signal. A connection that is lost is tried for again, for a bounded time; what became of locks meanwhile nobody saw, and is called so.
 * Rejects where there is no connection at the end; what was seen was given to `look`.
 */
export async function watch(options: WatchOptions): Promise<void> {
  const globs = options.locks.map(globToRegExp)
  await using keepers = new Keepers(options.note)
  const noted = new Set<string>()
  const watching: Watching = {
    ...options,
    // How it watches is mostly the same after each gap.
    note: (text) => {
      if (!noted.has(text)) options.note(text)
      noted.add(text)
    },
    book: new LockBook(options.ttlLimitMs),
    memory: new MemoryTrend(),
    keepers,
    alarmed: false,
    isLock: (key) => (globs.length > 0 ? globs.some((glob) => glob.test(key)) : hasLockName(key)),
    node: undefined,
    gap: undefined,
    tries: 0,
  }
  for (;;) {
    try {
      return await lookUntilEnd(watching)
    } catch (error) {
      await beforeNextTry(watching, error)
    }
  }
}

/** Waits, where another try makes sense. Throws what ends the watch. */
async function beforeNextTry(watching: Watching, error: unknown): Promise<void> {
  const { signal, reconnectMs, node } = watching
  // What never answered is more likely a mistake in the command than a Redis that restarts.
  if (node === undefined || reconnectMs === 0 || !mayPass(error)) throw error
  const nowMs = performance.now()
  if (watching.gap === undefined) {
    watching.gap = { sinceMs: nowMs, failure: error as Unreachable }
    // A Redis that was restarted begins with another memory.
    watching.memory = new MemoryTrend()
    watching.lost({ node, at: new Date(), why: (error as Error).message, tryingForMs: reconnectMs })
  }
  const { sinceMs, failure } = watching.gap
  const delayMs = Math.min(firstDelayMs * 2 ** watching.tries++, delayMaxMs)
  if (nowMs + delayMs - sinceMs > reconnectMs)
    throw new Unreachable(`${failure.message}; it did not come back within ${reconnectMs / 1000} s`)
  await sleep(delayMs, undefined, { signal }).catch(() => {
    throw failure
  })
}

/** What a Redis says, or does not say, while it restarts or is replaced. */
const mayPass = (error: unknown): boolean =>
  error instanceof Unreachable ||
  (error instanceof Refused &&
    (['LOADING', 'MASTERDOWN'].includes(error.code) || error.message.includes('maximum number of clients')))
