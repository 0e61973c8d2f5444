import { setInterval as every } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { Damage } from '../ledger/ledger.ts'
import { beside } from '../lib/beside.ts'
import { allThresholds, keeps, type Threshold } from '../plan/thresholds.ts'
import type { WorkerOptions } from './worker.ts'

export interface WatchOptions extends WorkerOptions {
  /** The books as they stand; undefined where there are none. */
  damage: (() => Promise<Damage>) | undefined
  /** Called at most once, with the threshold that was crossed. */
  crossed: (threshold: Threshold) => void
  log: (text: string) => void
}

/** The books are counted by SQL, which costs the servers' Postgres some milliseconds. */
const ledgerEveryMs = 1000

/** Made before the load begins, so that its thread is there by then. */
export interface EarlyEndWatch extends AsyncDisposable {
  loadBegins(): void
}

/**
 * Looks, while the load is on, whether a threshold with `abortOnFail` is crossed: the histories in a thread of their own, the books by now and then counting
 * them. Costs nothing where the plan has no such threshold. That it fails is no failure of the drill, which then only takes its whole time.
 */
export function watchForEarlyEnd({ damage, crossed, log, ...options }: WatchOptions): EarlyEndWatch {
  const aborting = allThresholds(options.plan.thresholds).filter(({ abortOnFail }) => abortOnFail)
  const over = new AbortController()
  const once = (threshold: Threshold) => {
    if (over.signal.aborted) return
    over.abort()
    crossed(threshold)
  }
  const inBooks = aborting.filter(({ name }) => isDamage(name))
  const inHistory = aborting.length > inBooks.length
  const worker = inHistory ? new Worker(beside(import.meta.url, 'worker'), { workerData: options }) : undefined
  worker?.on('message', once)
  worker?.on('error', (error: Error) => log(`nobody looks whether the drill may end early: ${error.message}`))
  return {
    loadBegins() {
      if (damage && inBooks.length > 0) void watchBooks(inBooks, damage, once, over.signal)
    },
    async [Symbol.asyncDispose]() {
      over.abort()
      await worker?.terminate()
    },
  }
}

async function watchBooks(
  thresholds: readonly Threshold[],
  damage: () => Promise<Damage>,
  crossed: (threshold: Threshold) => void,
  signal: AbortSignal,
): Promise<void> {
  try {
    const startMs = performance.now()
    for await (const _ of every(ledgerEveryMs, undefined, { signal })) {
      const counted = await damage()
      const due = thresholds.filter(({ delayAbortEvalMs }) => performance.now() - startMs >= delayAbortEvalMs)
      const found = due.find((threshold) => !keeps(threshold, counted[threshold.name as keyof Counted]))
      if (found) return crossed(found)
    }
  } catch {
    // The drill is over, or the books cannot be read, which is told when they are counted at its end.
  }
}

type Counted = Omit<Damage, 'examples'>

const isDamage = (name: string): boolean =>
  (['duplicates', 'oversold', 'negative_stock'] satisfies (keyof Damage)[]).includes(name as never)
