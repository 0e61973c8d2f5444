import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { Damage } from '../ledger/ledger.ts'
import { beside } from '../lib/beside.ts'
import { allThresholds, keeps, type Threshold } from '../plan/thresholds.ts'
import { bookMetrics, type Found } from './found.ts'
import type { FromWorker, WorkerOptions } from './worker.ts'

export interface WatchOptions extends WorkerOptions {
  /** The books as they stand; undefined where there are none. */
  damage: (() => Promise<Damage>) | undefined
  /** Called at most once, with the threshold that was crossed. */
  crossed: (threshold: Threshold) => void
  log: (text: string) => void
}

/** The books are counted by SQL, which costs the servers' Postgres some milliseconds. */
const ledgerEveryMs = 1000
/** Where it takes longer it is done more rarely: at most this share of the time. */
const ledgerShareMax = 0.05

/** Made before the load begins, so that its thread is there by then. */
export interface EarlyEndWatch extends AsyncDisposable {
  loadBegins(): void
  /** What was found so far; nothing where nobody looks. */
  readonly found: Found
}

/**
 * Looks, while the load is on, whether a threshold with `abortOnFail` is crossed, and what was found so far where somebody looks: the histories in a
 * thread of their own, the books by now and then counting them. Costs nothing where the plan has no such threshold and nobody looks. That it fails is no
 * failure of the drill, which then only takes its whole time.
 */
export function watchForEarlyEnd({ damage, crossed, log, ...options }: WatchOptions): EarlyEndWatch {
  const aborting = allThresholds(options.plan.thresholds).filter(({ abortOnFail }) => abortOnFail)
  const over = new AbortController()
  const once = (threshold: Threshold) => {
    if (over.signal.aborted) return
    over.abort()
    crossed(threshold)
  }
  const found: Found = {}
  const inBooks = aborting.filter(({ name }) => isDamage(name))
  const inHistory = aborting.length > inBooks.length || options.looks
  const worker = inHistory ? new Worker(beside(import.meta.url, 'worker'), { workerData: options }) : undefined
  worker?.on('message', ({ overlaps, crossed: threshold }: FromWorker) => {
    if (overlaps !== undefined) found.overlaps = overlaps
    if (threshold) once(threshold)
  })
  worker?.on('error', (error: Error) => log(`nobody looks whether the drill may end early: ${error.message}`))
  return {
    found,
    loadBegins() {
      if (damage && (inBooks.length > 0 || options.looks))
        void watchBooks(damage, over.signal, (counted, sinceMs) => {
          for (const metric of bookMetrics) found[metric] = counted[metric]
          const due = inBooks.filter(({ delayAbortEvalMs }) => sinceMs >= delayAbortEvalMs)
          const broken = due.find((threshold) => !keeps(threshold, counted[threshold.name as keyof Counted]))
          if (broken) once(broken)
        })
    },
    async [Symbol.asyncDispose]() {
      over.abort()
      await worker?.terminate()
    },
  }
}

async function watchBooks(
  damage: () => Promise<Damage>,
  signal: AbortSignal,
  tell: (counted: Damage, sinceMs: number) => void,
): Promise<void> {
  const startMs = performance.now()
  let waitMs = ledgerEveryMs
  try {
    for (;;) {
      await sleep(waitMs, undefined, { signal })
      const beganMs = performance.now()
      tell(await damage(), beganMs - startMs)
      waitMs = Math.max(ledgerEveryMs, (performance.now() - beganMs) / ledgerShareMax)
    }
  } catch {
    // The drill is over, or the books cannot be read, which is told when they are counted at its end.
  }
}

type Counted = Omit<Damage, 'examples'>

const isDamage = (name: string): boolean => (bookMetrics as readonly string[]).includes(name)
