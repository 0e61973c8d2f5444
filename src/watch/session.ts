import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection } from '../live/connection.ts'
import { mayBeRefused } from '../live/failure.ts'
import { parseInfo } from '../live/info.ts'
import { connectTo, find } from '../live/open.ts'
import { sampleLocks } from './sample.ts'
import type { Look, Watching } from './watch.ts'
import { chooseWay } from './way.ts'

/** PTTLs at once. */
const askMax = 500

/** As long as one connection lasts: looks until the signal. Rejects where it is lost. */
export async function lookUntilEnd(watching: Watching): Promise<void> {
  const { target, signal, book, isLock } = watching
  const { node } = await find(target)
  using reading = await connectTo(node)
  await using way = await chooseWay(node, reading, watching, (event, key) => {
    if (isLock(key)) book.event(event, key, performance.now())
  })
  const looking = { reading, how: way.how, look: () => look(node.name, reading, way.how, watching) }
  try {
    await Promise.race([lookOn(looking, watching), way.lost])
  } catch (error) {
    if (!signal.aborted) throw error
  }
  await looking.look()
}

async function look(node: string, reading: Connection, how: Look['how'], watching: Watching): Promise<void> {
  const { book, memory, alarmShare } = watching
  const info = await reading.ask('INFO', 'memory').catch(mayBeRefused)
  const now = memory.add(new Map(typeof info === 'string' ? parseInfo(info) : []), performance.now())
  const alarm = now.share >= alarmShare
  watching.look({
    node,
    at: new Date(),
    how,
    locks: book.held,
    withoutTtl: book.withoutTtl,
    counts: { ...book.counts },
    leaks: book.takeLeaks(),
    memory: now,
    alarm: alarm && !watching.alarmed,
  })
  Object.assign(watching, { alarmed: alarm, node, tries: 0 })
}

interface Looking {
  reading: Connection
  how: Look['how']
  look(): Promise<void>
}

/** With notifications all keys are looked at once, for what was there before; without them again and again. */
async function lookOn({ reading, how, look: once }: Looking, watching: Watching): Promise<never> {
  const { everyMs, signal, book } = watching
  for (let first = true; ; first = false) {
    const startMs = performance.now()
    if (first || how === 'sampling') await pass(reading, how, watching)
    const keys = book.unasked(askMax, performance.now())
    const pttls = await reading.askAll(keys.map((key) => ['PTTL', key]))
    keys.forEach((key, at) => book.asked(key, Number(pttls[at]), performance.now()))
    await once()
    await sleep(Math.max(0, everyMs - (performance.now() - startMs)), undefined, { signal })
  }
}

/** All keys, once. The first one after a gap ends it. */
async function pass(reading: Connection, how: Look['how'], watching: Watching): Promise<void> {
  const { book, isLock, rate, signal, gap } = watching
  book.beginPass(gap !== undefined)
  await sampleLocks(reading, { isLock, rate, signal, seen: (key, pttl) => book.seen(key, pttl, performance.now()) })
  const before = book.counts.unseen
  if (how === 'sampling' || gap !== undefined) book.endPass(performance.now())
  if (gap === undefined) return
  watching.gap = undefined
  watching.back({
    node: reading.where,
    at: new Date(),
    lostForMs: Math.round(performance.now() - gap.sinceMs),
    unseen: book.counts.unseen - before,
  })
}
