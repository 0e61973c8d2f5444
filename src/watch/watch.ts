import { setTimeout as sleep } from 'node:timers/promises'
import { hasLockName } from '../audit/lock-like.ts'
import { globToRegExp } from '../audit/glob.ts'
import type { Connection } from '../live/connection.ts'
import { Refused } from '../live/failure.ts'
import { parseInfo } from '../live/info.ts'
import { connectTo, find, type LiveNode } from '../live/open.ts'
import { textOf } from '../live/resp.ts'
import type { Target } from '../live/target.ts'
import { LockBook, type Counts, type Leak } from './book.ts'
import { MemoryTrend, type Memory } from './memory.ts'
import { turnOnNotifications } from './notifications.ts'
import { tellsLocks } from './notify-flags.ts'
import { sampleLocks } from './sample.ts'

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
  /** Ends it, in order. */
  signal: AbortSignal
  /** What is worth a sentence: how it watches, and what that leaves unseen. */
  note(text: string): void
  look(look: Look): void
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

/** PTTLs at once. */
const askMax = 500

/** Watches until the signal. Rejects where the connection is lost; what was seen was given to `look`. */
export async function watch(options: WatchOptions): Promise<void> {
  const { node } = await find(options.target)
  using reading = await connectTo(node)
  const book = new LockBook(options.ttlLimitMs)
  const globs = options.locks.map(globToRegExp)
  const isLock = (key: string) => (globs.length > 0 ? globs.some((glob) => glob.test(key)) : hasLockName(key))
  await using way = await choose(node, reading, options, (event, key) => {
    if (isLock(key)) book.event(event, key, performance.now())
  })
  const memory = new MemoryTrend()
  let alarmed = false
  const look = async () => {
    const info = await reading.ask('INFO', 'memory').catch(mayBeRefused)
    const now = memory.add(new Map(typeof info === 'string' ? parseInfo(info) : []), performance.now())
    const alarm = now.share >= options.alarmShare
    options.look({
      node: node.name,
      at: new Date(),
      how: way.how,
      locks: book.held,
      withoutTtl: book.withoutTtl,
      counts: { ...book.counts },
      leaks: book.takeLeaks(),
      memory: now,
      alarm: alarm && !alarmed,
    })
    alarmed = alarm
  }
  try {
    await Promise.race([lookOn({ reading, book, isLock, how: way.how, look }, options), way.lost])
  } catch (error) {
    if (!options.signal.aborted) throw error
  }
  await look()
}

interface Looking {
  reading: Connection
  book: LockBook
  isLock(key: string): boolean
  how: Look['how']
  look(): Promise<void>
}

/** With notifications all keys are looked at once, for what was there before; without them again and again. */
async function lookOn({ reading, book, isLock, how, look }: Looking, options: WatchOptions): Promise<never> {
  const { everyMs, rate, signal } = options
  for (let first = true; ; first = false) {
    const startMs = performance.now()
    if (first || how === 'sampling') {
      book.beginPass()
      await sampleLocks(reading, { isLock, rate, signal, seen: (key, pttl) => book.seen(key, pttl, performance.now()) })
      if (how === 'sampling') book.endPass(performance.now())
    }
    const keys = book.unasked(askMax, performance.now())
    const pttls = await reading.askAll(keys.map((key) => ['PTTL', key]))
    keys.forEach((key, at) => book.asked(key, Number(pttls[at]), performance.now()))
    await look()
    await sleep(Math.max(0, everyMs - (performance.now() - startMs)), undefined, { signal })
  }
}

interface Way extends AsyncDisposable {
  how: Look['how']
  /** Rejects when the connection that listens is gone. */
  lost: Promise<never>
}

/** Notifications where they are on, or may be turned on; else looking again and again. */
async function choose(
  node: LiveNode,
  reading: Connection,
  options: WatchOptions,
  onEvent: (event: string, key: string) => void,
): Promise<Way> {
  const sampling: Way = { how: 'sampling', lost: new Promise(() => {}), [Symbol.asyncDispose]: async () => {} }
  const told = await reading.ask('CONFIG', 'GET', 'notify-keyspace-events').catch(mayBeRefused)
  const flags = Array.isArray(told) ? textOf(told[1]) : undefined
  const unseen = 'a lock that comes and goes between two looks is not seen'
  await using stack = new AsyncDisposableStack()
  if (flags === undefined || !tellsLocks(flags)) {
    if (!options.enableNotifications) {
      options.note(
        `${flags === undefined ? 'this user may not ask for notify-keyspace-events' : `keyspace notifications are off (notify-keyspace-events is "${flags}")`}: all keys are looked at again and again, and ${unseen}; --enable-notifications turns them on for as long as it watches`,
      )
      return sampling
    }
    const on = stack.use(await turnOnNotifications(node, options.note))
    options.note(
      `notify-keyspace-events is "${on.now}" while it watches; it was "${on.before}", and is put back at the end, also after kill -9. Should this machine die: CONFIG SET notify-keyspace-events "${on.before}"`,
    )
  }
  try {
    const listening = stack.use(await connectTo(node))
    const channel = `__keyevent@${node.target.database}__:`
    await listening.subscribe(`${channel}*`, (from, key) => onEvent(from.slice(channel.length), key))
    const lost = listening.ended.then((failure) => Promise.reject<never>(failure))
    lost.catch(() => {})
    const kept = stack.move()
    return { how: 'notifications', lost, [Symbol.asyncDispose]: () => kept.disposeAsync() }
  } catch (error) {
    mayBeRefused(error)
    options.note(`${(error as Error).message}: all keys are looked at again and again, and ${unseen}`)
    return sampling
  }
}

function mayBeRefused(error: unknown): undefined {
  if (!(error instanceof Refused)) throw error
  return undefined
}
