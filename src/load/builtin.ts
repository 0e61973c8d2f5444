import { arrivalDurationMs, arrivals, type ArrivalLoad } from './arrivals.ts'
import type { LoadContext, LoadDriver, LoadResult } from './load.ts'
import { shareOf, usersOf } from './share.ts'

/**
 * The virtual users run inside the servers, so that the harness is not the bottleneck. Executors and their words are k6's; latency
 * counts from the intended start, so a late timer or a busy event loop shows in it and does not hide.
 */
export const builtin: LoadDriver = {
  title: 'users inside the order servers',
  docs: 'The default. It needs no second program and costs the least, so that what is measured is the lock. With `load.via: http` the users go through the door of their server.',
  async run(context) {
    const { load, resumed } = context
    const startNs = (resumed?.beganNs ?? context.now()) + load.startTime * 1e6
    const crew = new Crew(context)
    await until(startNs, context)
    switch (load.executor) {
      case 'constant-vus':
        await closed(crew, startNs, load.vus, load.duration, endless(context))
        break
      case 'per-vu-iterations':
        await closed(crew, startNs, load.vus, load.maxDuration, perUser(context, load.vus, load.iterations))
        break
      case 'shared-iterations':
        await closed(crew, startNs, load.vus, load.maxDuration, shared(context, load.vus, load.iterations))
        break
      case 'constant-arrival-rate':
      case 'ramping-arrival-rate':
        await open(crew, startNs, load)
        break
    }
    return await crew.finish()
  },
}

/** Counts iterations, and knows which are under way. */
class Crew {
  readonly context: LoadContext
  #started = 0
  #finished = 0
  #dropped = 0
  #idle: (() => void) | undefined

  constructor(context: LoadContext) {
    this.context = context
  }

  async run(vu: number, iteration: number, intendedNs: number): Promise<void> {
    this.#started++
    await this.context.iterate({ vu, iteration, intendedNs })
    this.#finished++
    if (this.#finished === this.#started) this.#idle?.()
  }

  drop(count: number): void {
    this.#dropped += count
  }

  /** Waits for what is under way, for gracefulStop at most. */
  async finish(): Promise<LoadResult> {
    if (this.#finished < this.#started) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, this.context.load.gracefulStop)
        this.#idle = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    return {
      iterations: this.#finished,
      droppedIterations: this.#dropped,
      interruptedIterations: this.#started - this.#finished,
    }
  }
}

/** What a closed model's user does next: the number of an iteration, or nothing more. */
interface Work {
  next(vu: number): number | undefined
  /** Iterations that nobody has begun. */
  left(): number
}

/** Numbers of a closed model's endless iterations that one incarnation of a server may use up. */
const turnsPerIncarnation = 1_000_000

function endless({ index, count, resumed }: LoadContext): Work {
  let turn = (resumed?.incarnation ?? 0) * turnsPerIncarnation
  return { next: () => index + turn++ * count, left: () => 0 }
}

function perUser({ index, count, resumed }: LoadContext, vus: number, iterations: number): Work {
  const users = usersOf(vus, index, count)
  // Whose they were, the dead did not tell.
  const each = Math.min(iterations, Math.floor((resumed?.answered ?? 0) / users.length))
  const done = new Map(users.map((vu) => [vu, each]))
  return {
    next(vu) {
      const turn = done.get(vu)!
      if (turn >= iterations) return undefined
      done.set(vu, turn + 1)
      return (vu - 1) * iterations + turn
    },
    left: () => [...done.values()].reduce((left, turn) => left + iterations - turn, 0),
  }
}

function shared({ index, count, resumed }: LoadContext, vus: number, iterations: number): Work {
  // A server without users cannot take iterations.
  const takers = Math.min(vus, count)
  const share = index < takers ? shareOf(iterations, index, takers) : 0
  let turn = Math.min(share, resumed?.answered ?? 0)
  return { next: () => (turn < share ? index + turn++ * takers : undefined), left: () => share - turn }
}

let turn: Promise<void> | undefined

/**
 * Lets the server's event loop turn once. A lock that refuses at once, as one whose connection is down, would be asked again and again within one turn, in
 * which no connection can come back: users who come from outside cannot do that to a server.
 */
const nextTurn = (): Promise<void> =>
  (turn ??= new Promise((resolve) =>
    setImmediate(() => {
      turn = undefined
      resolve()
    }),
  ))

/** A closed model: each user begins its next iteration when its last has ended, until the time is up. */
async function closed(crew: Crew, startNs: number, vus: number, durationMs: number, work: Work): Promise<void> {
  const { index, count, now, signal } = crew.context
  const endNs = startNs + durationMs * 1e6
  const user = async (vu: number) => {
    while (!signal.aborted) {
      const beganNs = now()
      if (beganNs >= endNs) return
      const iteration = work.next(vu)
      if (iteration === undefined) return
      await crew.run(vu, iteration, beganNs)
      await nextTurn()
    }
  }
  const ended = new AbortController()
  const users = Promise.all(usersOf(vus, index, count).map(user))
  await Promise.race([users, until(endNs, { now, signal: AbortSignal.any([signal, ended.signal]) })])
  ended.abort()
  // As k6 does: iterations that the time did not suffice for are dropped ones. A drill that is stopped drops nothing.
  if (!signal.aborted) crew.drop(work.left())
}

/** An open model: iterations begin when they are due, whether or not earlier ones have ended, as long as a user is free. */
async function open(crew: Crew, startNs: number, load: ArrivalLoad): Promise<void> {
  const { index, count, now, signal, resumed } = crew.context
  const resumedNs = now()
  const free = usersOf(load.maxVUs, index, count).reverse()
  const begin = async (vu: number, iteration: number, intendedNs: number) => {
    await crew.run(vu, iteration, intendedNs)
    free.push(vu)
  }
  for (const { iteration, dueNs } of arrivals(load, index, count)) {
    const intendedNs = startNs + dueNs
    if (resumed && intendedNs < resumedNs) {
      // Nobody was there for those who came after the death.
      if (intendedNs >= resumed.diedNs) crew.drop(1)
      continue
    }
    // Times are absolute: what a late timer missed starts in a burst, with its intended start.
    if (intendedNs > now()) await until(intendedNs, crew.context)
    if (signal.aborted) return
    const vu = free.pop()
    if (vu === undefined) crew.drop(1)
    else void begin(vu, iteration, Math.round(intendedNs))
  }
  await until(startNs + arrivalDurationMs(load) * 1e6, crew.context)
}

/** Resolves at the time (ns) or a little later, or when the signal aborts. */
async function until(timeNs: number, { now, signal }: Pick<LoadContext, 'now' | 'signal'>): Promise<void> {
  // A timer may fire a fraction of a millisecond early.
  while (!signal.aborted) {
    const leftMs = (timeNs - now()) / 1e6
    if (leftMs <= 0) return
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, Math.max(1, Math.floor(leftMs)))
      signal.addEventListener('abort', done)
    })
  }
}
