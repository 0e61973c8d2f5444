import { setTimeout as sleep } from 'node:timers/promises'
import type { RequestOutcome } from '../history/event.ts'
import { takesLock, type Discipline } from '../workloads/common.ts'
import type { Shelf } from '../workloads/guards/shelf.ts'
import type { LedgerSession, Workload, WorkRequest } from '../workloads/workload.ts'
import { acquire, release, type Counter, type Held } from './calls.ts'
import { Lease } from './lease.ts'
import type { Works } from './works.ts'

/** All that serving a request takes; one per server. */
export interface Shop extends Counter {
  /** `server-1` */
  server: string
  workload: Workload
  /** The scenario's options of the workload, checked. */
  options: unknown
  discipline: Discipline
  /** Whether the work has to extend its lease: the lock can, and does not do it by itself. */
  extends: boolean
  db: LedgerSession
  /** For `guard: lua`. */
  shelf: Shelf | undefined
  works: Works
  /** Uniform in [0, 1), for how long the work takes. */
  draw: () => number
  now: () => number
}

export interface Answer {
  outcome: RequestOutcome
  message?: string
}

/**
 * The story of one request: take the lock, do the work, let go, answer. Everything is recorded. `process` is who does it, one request at a
 * time (`server-1/vu-3`); `intendedNs` when it was meant to start. Never rejects.
 */
export async function serveRequest(
  shop: Shop,
  process: string,
  request: WorkRequest,
  intendedNs: number,
): Promise<Answer> {
  const key = shop.workload.key(request)
  let answer: Answer
  let acquireOp: number | undefined
  if (!takesLock(shop.discipline.guard)) {
    answer = await workAndLetGo(shop, process, request, key, undefined)
  } else {
    const acquired = await acquire(shop, process, key)
    acquireOp = acquired.op
    answer = acquired.outcome === 'granted' ? await workAndLetGo(shop, process, request, key, acquired.held) : acquired
  }
  const { outcome, message } = answer
  shop.record({
    process,
    type: eventTypes[outcome],
    f: 'request',
    op: shop.nextOp(),
    key,
    requestId: request.requestId,
    acquire: acquireOp,
    intendedNs,
    outcome,
    error: message,
  })
  shop.tally.answered(outcome)
  return answer
}

/** A closing server only gives back what it still gets. */
async function workAndLetGo(
  shop: Shop,
  process: string,
  request: WorkRequest,
  key: string,
  held: Held | undefined,
): Promise<Answer> {
  const begun = shop.works.begin()
  const answer = begun ? await work(shop, process, request, key, held) : closing
  if (held) await release(shop, process, held)
  if (begun) shop.works.end()
  return answer
}

const closing: Answer = { outcome: 'abandoned', message: 'the server was closing' }

const eventTypes = {
  done: 'ok',
  repeated: 'ok',
  refused: 'fail',
  contended: 'fail',
  unavailable: 'fail',
  abandoned: 'fail',
  indeterminate: 'info',
} as const satisfies Record<RequestOutcome, string>

async function work(
  shop: Shop,
  process: string,
  request: WorkRequest,
  key: string,
  held: Held | undefined,
): Promise<Answer> {
  const { workMs, obeysLost } = shop.discipline
  const op = shop.nextOp()
  const record = (type: 'invoke' | 'ok' | 'fail' | 'info', error?: string) =>
    shop.record({ process, type, f: 'work', op, key, grant: held?.op, error })
  const lease = held && new Lease(shop, process, held, { extends: shop.extends })
  record('invoke')
  try {
    const outcome = await shop.workload.run({
      request,
      key,
      options: shop.options,
      waitMs: shop.waitMs,
      work: () => {
        const forMs = workMs.min + shop.draw() * (workMs.max - workMs.min)
        if (forMs === 0) return nothing
        return lease ? lease.work(forMs, { obeysLost }) : sleep(forMs)
      },
      abandoned: () => obeysLost && lease !== undefined && lease.lost,
      fence: held?.fence,
      db: shop.db,
      shelf: shop.shelf,
    })
    if (outcome === 'done') {
      record('ok')
      return { outcome }
    }
    const message = reasons[outcome]
    record('fail', message)
    return { outcome, message }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    record('info', message)
    return { outcome: 'indeterminate', message: `the ledger: ${message}` }
  } finally {
    lease?.end()
  }
}

const nothing = Promise.resolve()

const reasons = {
  repeated: 'this request was done before',
  refused: 'refused: sold out, limit reached, not enough, or a fence that is too low',
  abandoned: 'the lock was lost before the write',
  contended: 'others were always first',
  unavailable: 'Redis, which decides here, was not reached or refused: nothing was taken',
  indeterminate: 'Redis, which decides here, did not say whether it was taken: nothing was written',
}
