import { setTimeout as sleep } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { holdsOf, overlappingPairs } from '../checkers/holds.ts'
import type { Events } from '../history/event-table.ts'
import { drillClock } from '../lib/clock.ts'
import type { Plan } from '../plan/scenario.ts'
import { allThresholds, type Threshold } from '../plan/thresholds.ts'
import { crossedSoFar, SoFar } from './so-far.ts'
import { Tail } from './tail.ts'

/**
 * A thread beside the controller's, so that no question delays what is measured. It posts the first threshold that was crossed, once, and ends; until
 * then how many overlaps there are, where somebody looks.
 */
export interface FromWorker {
  crossed?: Threshold
  overlaps?: number
}

export interface WorkerOptions {
  plan: Plan
  history: string
  servers: readonly string[]
  /** The drill's start on CLOCK_MONOTONIC. */
  startNs: bigint
  /** Whether somebody looks at what was found so far. */
  looks: boolean
}

const everyMs = 250
/** Looking takes at most this share of one core: the more there is to look at, the rarer. */
const shareMax = 0.05
/** A drill of this size takes its time; to keep its history twice in memory would cost more than is saved. */
const eventsMax = 400_000

const { plan, history, servers, startNs, looks } = workerData as WorkerOptions
const post = (message: FromWorker) => parentPort!.postMessage(message)
const thresholds = allThresholds(plan.thresholds).filter(({ abortOnFail }) => abortOnFail)
const now = drillClock(startNs)
const soFar = new SoFar(servers)
using tail = new Tail(history)
let waitMs = everyMs
let suspect: Threshold | undefined
while (soFar.size <= eventsMax) {
  await sleep(waitMs)
  const beganNs = now()
  const events = soFar.add(tail.read(), beganNs)
  const crossed = events && crossedSoFar(thresholds, plan, events)
  // Seen twice: a node's failover is told a little later than what came of it.
  if (crossed && crossed.metric === suspect?.metric) {
    post({ crossed })
    break
  }
  if (events && looks) post({ overlaps: overlapsIn(events) })
  if (events) suspect = crossed
  waitMs = Math.max(everyMs, (now() - beganNs) / 1e6 / shareMax)
}

function overlapsIn(events: Events): number {
  let count = 0
  overlappingPairs(holdsOf(events), () => count++)
  return count
}
