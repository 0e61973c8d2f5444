import { pause } from '../pause.ts'
import { jittered } from './lease.ts'
import type { LockNode } from './node.ts'

const retryMs = 50
const lastChanceMs = 500

/**
 * Frees in the background what may have been left on a node: the request of an acquire whose fate nobody knows, or a release that did
 * not get through. By token, so it can never take another's lease. A token that was given to the cleaner is never used again, because
 * a late delete would take its new lease away.
 */
export interface Cleaner {
  /** Tries until the node has answered, or until `untilMs` (performance.now()), when the lease has run out by itself. */
  clean(node: LockNode, key: string, token: string, untilMs: number): void
  /** Half a second for what is under way, then no more. */
  close(): Promise<void>
}

export function cleaner(): Cleaner {
  const over = new AbortController()
  const running = new Set<Promise<void>>()

  async function run(node: LockNode, key: string, token: string, untilMs: number): Promise<void> {
    while (!over.signal.aborted && performance.now() < untilMs) {
      try {
        await node.release(key, token)
        return
      } catch {
        await pause(jittered(retryMs), over.signal)
      }
    }
  }

  return {
    clean(node, key, token, untilMs) {
      const job = run(node, key, token, untilMs).finally(() => running.delete(job))
      running.add(job)
    },
    async close() {
      await Promise.race([Promise.all(running), pause(running.size > 0 ? lastChanceMs : 0, over.signal)])
      over.abort()
    },
  }
}
