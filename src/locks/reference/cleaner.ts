import { setTimeout as sleep } from 'node:timers/promises'
import { jittered } from './lease.ts'

const retryMs = 50
const lastChanceMs = 500

/**
 * Frees in the background what may have been left on a node: the request of an acquire whose fate nobody knows, or a release that did
 * not get through. By token, so it can never take another's lease. A token that was given to the cleaner is never used again, because
 * a late delete would take its new lease away.
 */
export interface Cleaner {
  /** Tries until `free` has got an answer, or until `untilMs` (performance.now()), when the lease has run out by itself. */
  clean(untilMs: number, free: () => Promise<unknown>): void
  /** Half a second for what is under way, then no more. */
  close(): Promise<void>
}

export function cleaner(): Cleaner {
  const over = new AbortController()
  const running = new Set<Promise<void>>()
  const pause = (ms: number) => sleep(ms, undefined, { signal: over.signal }).catch(() => {})

  async function run(untilMs: number, free: () => Promise<unknown>): Promise<void> {
    while (!over.signal.aborted && performance.now() < untilMs) {
      try {
        await free()
        return
      } catch {
        await pause(jittered(retryMs))
      }
    }
  }

  return {
    clean(untilMs, free) {
      const job = run(untilMs, free).finally(() => running.delete(job))
      running.add(job)
    },
    async close() {
      if (running.size > 0) await Promise.race([Promise.all(running), pause(lastChanceMs)])
      over.abort()
    },
  }
}
