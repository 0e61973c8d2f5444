import type { Connection } from '../live/connection.ts'
import { refused, type Refused } from '../live/failure.ts'
import { Refusal, textOf, type Reply } from '../live/resp.ts'
import type { Pace } from './pace.ts'
import { count, type Tally } from './tally.ts'

export interface SurveyOptions {
  /** Where a key is counted. */
  tallyOf(key: string): Tally
  ttlLimitMs: number
  /** Whether the memory of some keys is asked. */
  memory: boolean
  pace: Pace
  signal: AbortSignal
  /** After each request: how many keys by now. */
  seen(keys: number): void
  /** What is left out because this user may not ask. */
  told(refusal: Refused): void
}

/** Of each pattern the memory of the first keys is asked, then of one in so many. */
const sampleFirst = 100
const sampleEvery = 20

/**
 * One pass over the keys of a database: SCAN, and of each key PTTL. None of it touches a key: neither its value nor its idle time. Resolves to the
 * number of keys. SCAN gives every key that is there from the beginning to the end, and may give one twice while Redis' table grows.
 */
export async function survey(connection: Connection, options: SurveyOptions): Promise<number> {
  const { pace, signal } = options
  let keys = 0
  let memory = options.memory
  let page = pageOf(await connection.ask(...scan('0', pace)))
  for (;;) {
    signal.throwIfAborted()
    const { names, cursor } = page
    const sampled = memory ? names.filter((name) => isSampled(options.tallyOf(name))) : []
    const questions = [
      ...names.map((name) => ['PTTL', name]),
      ...sampled.map((name) => ['MEMORY', 'USAGE', name]),
      // The next page comes along.
      ...(cursor === '0' ? [] : [scan(cursor, pace)]),
    ]
    const askedMs = performance.now()
    const replies = await connection.askAll(questions)
    const tookMs = performance.now() - askedMs
    keys += countAll(connection.where, names, replies, options)
    if (memory) memory = weighAll(connection.where, sampled, replies.slice(names.length), options)
    options.seen(keys)
    if (cursor === '0') return keys
    const next = replies.at(-1)!
    if (next instanceof Refusal) throw refused(connection.where, 'SCAN', next)
    page = pageOf(next)
    await pace.rest(names.length, tookMs, signal)
  }
}

const scan = (cursor: string, pace: Pace) => ['SCAN', cursor, 'COUNT', String(pace.batch)]

/** The first of a pattern, then one in so many. */
const isSampled = ({ keys }: Tally) => keys < sampleFirst || keys % sampleEvery === 0

function pageOf(reply: Reply): { cursor: string; names: string[] } {
  const [cursor, names] = Array.isArray(reply) ? reply : []
  return { cursor: textOf(cursor), names: Array.isArray(names) ? names.map(textOf) : [] }
}

/** The number of keys that are still there. */
function countAll(where: string, names: readonly string[], pttls: readonly Reply[], options: SurveyOptions): number {
  let keys = 0
  names.forEach((name, at) => {
    const pttl = pttls[at]
    if (pttl instanceof Refusal) throw refused(where, 'PTTL', pttl)
    // −2: it has gone since SCAN told of it.
    if (typeof pttl !== 'number' || pttl === -2) return
    count(options.tallyOf(name), name, pttl, options.ttlLimitMs)
    keys++
  })
  return keys
}

/** False where this user may not ask for the memory of a key. */
function weighAll(where: string, names: readonly string[], sizes: readonly Reply[], options: SurveyOptions): boolean {
  for (const [at, name] of names.entries()) {
    const size = sizes[at]
    if (size instanceof Refusal) {
      options.told(refused(where, 'MEMORY USAGE', size))
      return false
    }
    if (typeof size !== 'number') continue
    const tally = options.tallyOf(name)
    tally.sampledKeys++
    tally.sampledBytes += size
  }
  return true
}
