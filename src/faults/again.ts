import { setTimeout as sleep } from 'node:timers/promises'
import type { Stage } from './fault.ts'

export interface Repetition {
  /** Begins no further one, and resolves when the one under way is over. Rejects with what the first that failed threw. */
  stop(): Promise<void>
}

/**
 * Does something again and again until it is stopped, `everyMs` after the last time began, more or less by half of that: drawn, so that
 * no lock falls into step with it. The first time is `everyMs` from now. What throws is the last.
 */
export function again(everyMs: number, { random }: Pick<Stage, 'random'>, act: () => Promise<void>): Repetition {
  const over = new AbortController()
  const running = repeat(everyMs, random, act, over.signal)
  // Looked at when it is stopped; until then its failure is not unhandled.
  running.catch(() => {})
  return {
    async stop() {
      over.abort()
      await running
    },
  }
}

async function repeat(everyMs: number, random: () => number, act: () => Promise<void>, signal: AbortSignal) {
  for (let beganMs = performance.now(); !signal.aborted;) {
    const nextMs = beganMs + everyMs * (0.5 + random())
    try {
      await sleep(Math.max(1, nextMs - performance.now()), undefined, { signal })
    } catch {
      return
    }
    beganMs = performance.now()
    await act()
  }
}
