import type { Connection } from '../live/connection.ts'
import { refused, type Refused } from '../live/failure.ts'
import { Refusal, textOf } from '../live/resp.ts'
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
  let cursor = '0'
  let keys = 0
  let memory = options.memory
  do {
    signal.throwIfAborted()
    const askedMs = performance.now()
    const page = await connection.ask('SCAN', cursor, 'COUNT', String(pace.batch))
    const [next, found] = Array.isArray(page) ? page : []
    cursor = textOf(next)
    const names = Array.isArray(found) ? found.map(textOf) : []
    const counted = await look(connection, names, { ...options, memory })
    keys += counted.keys
    memory = counted.memory
    options.seen(keys)
    await pace.rest(Math.max(names.length, 1), performance.now() - askedMs, signal)
  } while (cursor !== '0' && cursor !== '')
  return keys
}

async function look(connection: Connection, names: readonly string[], options: SurveyOptions) {
  const { tallyOf, ttlLimitMs, told } = options
  const pttls = await connection.askAll(names.map((name) => ['PTTL', name]))
  const sampled: string[] = []
  let keys = 0
  pttls.forEach((pttl, at) => {
    if (pttl instanceof Refusal) throw refused(connection.where, 'PTTL', pttl)
    // −2: it has gone since SCAN told of it.
    if (typeof pttl !== 'number' || pttl === -2) return
    const name = names[at]!
    const tally = tallyOf(name)
    count(tally, name, pttl, ttlLimitMs)
    keys++
    if (options.memory && (tally.keys <= sampleFirst || tally.keys % sampleEvery === 0)) sampled.push(name)
  })
  const sizes = await connection.askAll(sampled.map((name) => ['MEMORY', 'USAGE', name]))
  const refusal = sizes.find((size) => size instanceof Refusal)
  if (refusal instanceof Refusal) told(refused(connection.where, 'MEMORY USAGE', refusal))
  sizes.forEach((size, index) => {
    if (typeof size !== 'number') return
    // Asked for again: counting other keys may have merged this one's pattern with another.
    const tally = tallyOf(sampled[index]!)
    tally.sampledKeys++
    tally.sampledBytes += size
  })
  return { keys, memory: options.memory && refusal === undefined }
}
