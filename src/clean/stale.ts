import { createHash } from 'node:crypto'
import type { Connection } from '../live/connection.ts'
import { refused } from '../live/failure.ts'
import { Refusal, textOf, type Reply } from '../live/resp.ts'
import type { Pace } from '../audit/pace.ts'

/** A key that may be a lock which nobody holds any more: without a TTL, or with more left than any lock should have. */
export interface Stale {
  key: string
  /** As Redis answers it: −1 without a TTL. */
  pttl: number
  /** sha1 of its DUMP, which tells a value from another without keeping it. */
  sha: string
  seenMs: number
}

/** Why a key stays. */
export type Kept = 'renewed' | 'other-value' | 'gone' | 'too-large'

/** What the first look asks for besides what read-only.ts allows: DUMP reads, too, but large values cost. */
export const lookReads = ['DUMP']

export interface FirstLook {
  matched: number
  stale: Stale[]
  tooLarge: number
  /** There are more than are looked at in one run. */
  more: boolean
}

export interface LookOptions {
  glob: string
  ttlLimitMs: number
  pace: Pace
  signal: AbortSignal
  seen(matched: number): void
}

/** A lock is some dozens of bytes. */
const sizeMaxBytes = 65_536
/** In memory at once; the next run takes the rest. */
const staleMax = 200_000
/** Two clocks and a millisecond of rounding. */
const toleranceMs = 50

export async function lookFirst(connection: Connection, options: LookOptions): Promise<FirstLook> {
  const { glob, ttlLimitMs, pace, signal, seen } = options
  const found: FirstLook = { matched: 0, stale: [], tooLarge: 0, more: false }
  let cursor = '0'
  do {
    signal.throwIfAborted()
    const askedMs = performance.now()
    const page = await connection.ask('SCAN', cursor, 'MATCH', glob, 'COUNT', String(pace.batch))
    const [next, names] = Array.isArray(page) ? page : []
    cursor = textOf(next)
    const keys = Array.isArray(names) ? names.map(textOf) : []
    found.matched += keys.length
    const pttls = await askOf(connection, keys, (key) => ['PTTL', key])
    const candidates = keys.flatMap((key, at) => {
      const pttl = Number(pttls[at])
      return pttl === -1 || pttl > ttlLimitMs ? [{ key, pttl }] : []
    })
    const sizes = await askOf(
      connection,
      candidates.map(({ key }) => key),
      (key) => ['MEMORY', 'USAGE', key],
    )
    const small = candidates.filter((_, at) => Number(sizes[at] ?? 0) <= sizeMaxBytes)
    found.tooLarge += candidates.length - small.length
    const shas = await fingerprints(
      connection,
      small.map(({ key }) => key),
    )
    const seenMs = performance.now()
    small.forEach(({ key, pttl }, at) => {
      const sha = shas[at]
      if (sha === undefined) return
      if (found.stale.length < staleMax) found.stale.push({ key, pttl, sha, seenMs })
      else found.more = true
    })
    seen(found.matched)
    await pace.rest(Math.max(keys.length, 1), performance.now() - askedMs, signal)
  } while (cursor !== '0' && !found.more)
  // SCAN may give a key twice.
  found.stale = [...new Map(found.stale.map((each) => [each.key, each])).values()]
  return found
}

/** Whether each is as it was: undefined where it is, else why it stays. */
export async function lookAgain(connection: Connection, some: readonly Stale[]): Promise<(Kept | undefined)[]> {
  const keys = some.map(({ key }) => key)
  const shas = await fingerprints(connection, keys)
  const pttls = await askOf(connection, keys, (key) => ['PTTL', key])
  const nowMs = performance.now()
  return some.map((stale, at) => {
    const pttl = Number(pttls[at])
    if (shas[at] === undefined || pttl === -2) return 'gone'
    if (shas[at] !== stale.sha) return 'other-value'
    return isRenewed(stale, pttl, nowMs) ? 'renewed' : undefined
  })
}

/** Its time has not run down as it would by itself; or it has got a time, or lost it. */
const isRenewed = (stale: Stale, pttl: number, nowMs: number) =>
  stale.pttl === -1 || pttl === -1 ? stale.pttl !== pttl : pttl > stale.pttl - passedMs(stale, nowMs)

/** Since the first look, at least. */
export const passedMs = ({ seenMs }: Stale, nowMs: number): number =>
  Math.max(0, Math.floor(nowMs - seenMs) - toleranceMs)

async function fingerprints(connection: Connection, keys: readonly string[]): Promise<(string | undefined)[]> {
  const dumps = await askOf(connection, keys, (key) => ['DUMP', key])
  return dumps.map((dump) =>
    typeof dump === 'string' ? createHash('sha1').update(Buffer.from(dump, 'latin1')).digest('hex') : undefined,
  )
}

async function askOf(
  connection: Connection,
  keys: readonly string[],
  question: (key: string) => string[],
): Promise<Reply[]> {
  const replies = await connection.askAll(keys.map(question))
  const refusal = replies.find((reply) => reply instanceof Refusal)
  if (refusal instanceof Refusal) throw refused(connection.where, question('').filter(Boolean).join(' '), refusal)
  return replies
}
