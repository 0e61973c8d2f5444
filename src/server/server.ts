import { Recorder } from '../history/recorder.ts'
import { drillClock } from '../lib/clock.ts'
import { UsageError } from '../lib/failure.ts'
import { random } from '../lib/random.ts'
import { connected } from '../locks/connected.ts'
import { lockEnv } from '../locks/env.ts'
import type { OpenLock } from '../locks/lock.ts'
import { loadDrivers } from '../load/index.ts'
import type { LoadResult, Resumed } from '../load/load.ts'
import { discipline } from '../workloads/common.ts'
import { workloads, type WorkloadKind } from '../workloads/index.ts'
import { openShelf, shelfClient, type Shelf } from '../workloads/guards/shelf.ts'
import type { LedgerSession, Workload } from '../workloads/workload.ts'
import { auditKeys } from './audit.ts'
import { answerTimeoutMs } from './calls.ts'
import { openDatabase } from './database.ts'
import { Deadline } from './deadline.ts'
import { openDoor } from './door.ts'
import { openLockUnderTest } from './lock-under-test.ts'
import type { FromServer, LockDescription, ServerConfiguration } from './messages.ts'
import type { Shop } from './order.ts'
import { Tally, throttled } from './tally.ts'
import { openTraffic } from './traffic.ts'
import { Turns } from './turns.ts'
import { Works } from './works.ts'

/** How often a changing server reports to its controller. */
const progressEveryMs = 5
/** How long a closing server waits for the works that it has begun; the controller kills it after 10 s (fleet.ts). */
const closeWorksMaxMs = 7_000
/** A node that is down must not keep a shop from opening. */
const shelfReadyMs = 2_000
/** Errors outside of any call that go into the history; all of them are counted. */
const unhandledRecordsMax = 100

export interface OrderServer extends AsyncDisposable {
  /** `http://127.0.0.1:12345` */
  door: string
  lock: LockDescription
  pids: number[]
  /** Runs this server's share of the load; `peers` are all servers' doors by name. Resolves when it is over or stopped. */
  load(peers: Record<string, string>, resumed?: Resumed): Promise<void>
  /** The doors have changed. */
  meet(peers: Record<string, string>): void
  /** Begins nothing new; `load` resolves within `gracefulMs`. */
  stop(gracefulMs: number): void
  /** Whether the lock still gives what nobody holds (audit.ts). */
  audit(busy: readonly string[]): Promise<void>
  /** Records an error that the lock threw outside of any call. */
  unhandled(error: unknown): void
  /** Writes what is recorded and not yet on disk. */
  flush(): void
  /** The keys that it believes to hold. */
  holding(): string[]
  /** Calls back once, at a moment at which it holds something. */
  whileHolding(act: (holding: readonly string[]) => void): void
  leaveOutPings(on: boolean): void
  /** ns of the drill's clock. */
  now(): number
}

/** Opens lock, ledger and door of one server. Throws UsageError or EnvironmentError. */
export async function openServer(
  configuration: ServerConfiguration,
  say: (message: FromServer) => void,
): Promise<OrderServer> {
  const { server, index, count, plan, ledger, historyFile, opBase } = configuration
  await using stack = new AsyncDisposableStack()
  const startNs = BigInt(configuration.startNs)
  const now = drillClock(startNs)
  const recorder = stack.use(new Recorder(historyFile, now))
  const record = recorder.record.bind(recorder)
  const report = () => say({ kind: 'progress', ...tally.progress() })
  const tally = new Tally(throttled(report, progressEveryMs))

  const { kind, ...written } = plan.workload
  const workload: Workload = workloads[kind as WorkloadKind]
  const options = workload.options.parse(written)
  const manners = discipline.parse(options)
  const db = ledger && workload.ledger ? stack.use(await openDatabase(ledger, server)) : noLedger
  const tested = stack.use(await openLockUnderTest(configuration, record))
  const lock = withPrefix(tested.lock, configuration.keyPrefix ?? '')
  const { capabilities } = tested.description
  if (manners.guard === 'fenced' && !capabilities.fencing)
    throw new UsageError(
      `the lock ${tested.description.name} gives no fences (capabilities.fencing), which guard: fenced needs`,
    )

  const shelf = manners.guard === 'lua' ? stack.use(await shelfOf(configuration, db)) : undefined

  let ops = opBase
  const shop: Shop = {
    server,
    workload,
    options,
    discipline: manners,
    lock,
    ttlMs: plan.lock.ttlMs,
    waitMs: plan.lock.waitMs,
    extends: capabilities.extend === true && capabilities.autoExtend !== true,
    db,
    shelf,
    works: new Works(),
    turns: stack.use(new Turns()),
    startNs,
    now,
    record,
    tally,
    acquireDeadline: new Deadline(plan.lock.waitMs + answerTimeoutMs),
    deadline: new Deadline(answerTimeoutMs),
    nextOp: () => ++ops,
    draw: random(plan.seed, server, 'work'),
  }
  const door = stack.use(await openDoor(shop, configuration.doorPort))
  const counts: Record<string, number> = {}
  let next = door.address
  /** A double click hits the next server. */
  const meet = (peers: Record<string, string>) => {
    const doors = Object.values(peers)
    next = doors[(index + 1) % doors.length] ?? door.address
  }
  const stopping = new AbortController()
  const stopped = Promise.withResolvers<void>()

  const running = stack.move()
  return {
    door: door.address,
    lock: tested.description,
    pids: tested.pids,
    meet,
    async load(peers, resumed) {
      meet(peers)
      using traffic = openTraffic(shop, {
        seed: plan.seed,
        via: plan.load.via,
        own: door.address,
        other: () => next,
      })
      const driven = loadDrivers[plan.driver.name].run({
        load: plan.load,
        index,
        count,
        now,
        ...(resumed && { resumed }),
        signal: stopping.signal,
        iterate: (iteration) => traffic.iterate(iteration),
      })
      const result = await Promise.race([driven, stopped.promise])
      // The controller's totals are whole when it hears that the load is over, and once more at the very end.
      report()
      Object.assign(counts, countsOf(result), { undelivered_requests: traffic.undelivered() })
    },
    stop(gracefulMs) {
      stopping.abort()
      setTimeout(() => stopped.resolve(), gracefulMs)
    },
    audit: (busy) => auditKeys(shop, busy),
    unhandled(error) {
      if (tally.unhandled++ >= unhandledRecordsMax) return
      const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
      record({ process: server, type: 'info', f: 'adapter', event: 'log', error: `unhandled: ${text}` })
    },
    flush: () => recorder.flush(),
    holding: () => tally.holding,
    whileHolding: (act) => tally.whileHolding(act),
    leaveOutPings: (on) => tested.leaveOutPings(on),
    now,
    async [Symbol.asyncDispose]() {
      door.refuse()
      await shop.works.close(closeWorksMaxMs)
      const atTheDoor = { turned_away: tally.turnedAway, misunderstood: tally.misunderstood }
      const rare = Object.fromEntries(Object.entries(atTheDoor).filter(([, count]) => count > 0))
      const counted = { ...counts, ...rare, unhandled_errors: tally.unhandled }
      record({ process: server, type: 'info', f: 'count', counts: counted, lock: countersOf(lock) })
      await running.disposeAsync()
      report()
    },
  }
}

/** A checker finds a resource's key in whatever the lock makes of it. */
function withPrefix(lock: OpenLock, prefix: string): OpenLock {
  if (prefix === '') return lock
  return {
    acquire: (key, options) => lock.acquire(`${prefix}${key}`, options),
    release: (grant) => lock.release(grant),
    ...(lock.extend && { extend: (grant, ttlMs) => lock.extend!(grant, ttlMs) }),
    ...(lock.counters && { counters: () => lock.counters!() }),
  }
}

/** Nothing where the load was cut off before its end. */
const countsOf = (result: LoadResult | void): Record<string, number> =>
  result
    ? {
        iterations: result.iterations,
        dropped_iterations: result.droppedIterations,
        interrupted_iterations: result.interruptedIterations,
      }
    : {}

/** Numbers only, and none where the lock counts nothing or fails to tell: that is no reason to lose the rest. */
function countersOf(lock: OpenLock): Record<string, number> | undefined {
  try {
    const told = lock.counters?.()
    return told && Object.fromEntries(Object.entries(told).filter(([, count]) => Number.isFinite(count)))
  } catch (error) {
    console.error('the lock did not tell its counters:', error)
    return undefined
  }
}

/** On its own clients, through this server's links as the lock's. Throws UsageError. */
async function shelfOf({ endpoints, plan, server }: ServerConfiguration, db: LedgerSession): Promise<Shelf> {
  if (plan.topology.kind === 'redlock')
    throw new UsageError('guard: lua keeps its numbers on one Redis, which is for single and sentinel, not for redlock')
  const log = (text: string) => console.log(`guard lua: ${text}`)
  const env = lockEnv({ endpoints, topology: plan.topology.kind, server, options: {}, log })
  const redis = env.connect(0, shelfClient)
  await connected(redis, shelfReadyMs)
  return openShelf(redis, db)
}

/** For workloads that never ask. */
const noLedger: LedgerSession = {
  query: () => Promise.reject(new Error('this workload has no ledger')),
  transaction: () => Promise.reject(new Error('this workload has no ledger')),
}
