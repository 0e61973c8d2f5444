import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { Pace } from '../audit/pace.ts'
import { lookInto } from '../audit/values.ts'
import { counted, humanSpan } from '../audit/words.ts'
import { EnvironmentError } from '../lib/failure.ts'
import type { Connection } from '../live/connection.ts'
import { refused } from '../live/failure.ts'
import { connectTo, find } from '../live/open.ts'
import { Refusal } from '../live/resp.ts'
import type { Target } from '../live/target.ts'
import { Record } from './record.ts'
import { lookAgain, lookFirst, lookReads, passedMs, type Kept, type Stale } from './stale.ts'

export interface CleanOptions {
  target: Target
  glob: string
  ttlLimitMs: number
  /** Between the two looks: a holder that is alive has renewed its lock by then. At least the limit, so that what stays the same is older. */
  lookAfterMs: number
  rate: number
  /** Where to write what goes; undefined: a dry run, which removes nothing. */
  removedFile: string | undefined
  signal: AbortSignal
  status(text: string): void
}

export interface Cleaned {
  node: string
  pattern: string
  dryRun: boolean
  /** Keys of the pattern. */
  matched: number
  /** Without a TTL, or with more than the limit left. */
  stale: number
  withoutTtl: number
  /** In a dry run: those that would be. */
  removed: number
  kept: { [why in Kept]: number }
  /** Some of those that went, or would. */
  examples: string[]
  file: string | null
  /** There are more: run it again. */
  more: boolean
  /** Why it was not done to the end. */
  notDone: string | null
}

const batch = 100
const examplesMax = 5
const source = readFileSync(new URL('unlink-if-same.lua', import.meta.url), 'utf8')
const answers: { [reply: number]: Kept } = { 0: 'gone', [-1]: 'other-value', [-2]: 'renewed' }

/**
 * Removes keys of a pattern that nobody holds any more. Looks twice, and in between waits for a holder that is alive to renew its lock or to give it
 * back; then removes each in one step with a last look, so that what was taken anew meanwhile stays. What was done before a failure is told.
 */
export async function clean(options: CleanOptions): Promise<Cleaned> {
  const done: Cleaned = {
    node: options.target.shown,
    pattern: options.glob,
    dryRun: options.removedFile === undefined,
    matched: 0,
    stale: 0,
    withoutTtl: 0,
    removed: 0,
    kept: { renewed: 0, 'other-value': 0, gone: 0, 'too-large': 0 },
    examples: [],
    file: null,
    more: false,
    notDone: null,
  }
  try {
    await cleanNode(options, done)
  } catch (error) {
    if (options.signal.aborted) done.notDone = 'interrupted'
    else if (error instanceof EnvironmentError) done.notDone = error.message
    else throw error
  }
  return done
}

async function cleanNode(options: CleanOptions, done: Cleaned): Promise<void> {
  const { glob, ttlLimitMs, lookAfterMs, rate, removedFile, signal, status } = options
  // Before anything else: what cannot be written down is not removed.
  await using record = removedFile === undefined ? undefined : await Record.open(removedFile)
  done.file = record?.file ?? null
  const { node } = await find(options.target)
  done.node = node.name
  // A dry run cannot even send the script.
  using connection = await connectTo(node, record ? [...lookReads, 'EVAL'] : lookReads)
  const pace = new Pace(rate)
  const first = await lookFirst(connection, {
    glob,
    ttlLimitMs,
    pace,
    signal,
    seen: (matched) => status(`${node.name}: ${counted(matched, 'key')} of the pattern`),
  })
  done.matched = first.matched
  done.stale = first.stale.length
  done.withoutTtl = first.stale.filter(({ pttl }) => pttl === -1).length
  done.kept['too-large'] = first.tooLarge
  done.more = first.more
  if (first.stale.length === 0) return
  status(`${node.name}: ${counted(first.stale.length, 'key')} may go; looking again in ${humanSpan(lookAfterMs)}`)
  await sleep(lookAfterMs, undefined, { signal })
  for (let from = 0; from < first.stale.length; from += batch) {
    signal.throwIfAborted()
    const askedMs = performance.now()
    const some = first.stale.slice(from, from + batch)
    await cleanSome(connection, some, record, done)
    status(`${node.name}: ${counted(done.removed, 'key')} ${record ? 'removed' : 'would be removed'}`)
    await pace.rest(some.length, performance.now() - askedMs, signal)
  }
}

async function cleanSome(
  connection: Connection,
  some: readonly Stale[],
  record: Record | undefined,
  done: Cleaned,
): Promise<void> {
  const changes = await lookAgain(connection, some)
  const going = some.filter((_, at) => changes[at] === undefined)
  for (const change of changes) if (change) done.kept[change]++
  const went = record ? await remove(connection, going, record, done) : going
  done.removed += went.length
  for (const { key } of went) if (done.examples.length < examplesMax) done.examples.push(key)
}

/** Those that were removed. */
async function remove(
  connection: Connection,
  going: readonly Stale[],
  record: Record,
  done: Cleaned,
): Promise<Stale[]> {
  const { values } = await lookInto(
    connection,
    going.map(({ key }) => key),
    () => {},
  )
  const dumps = await connection.askAll(going.map(({ key }) => ['DUMP', key]))
  const there = going.flatMap((stale, at) => {
    const dump = dumps[at]
    return typeof dump === 'string' ? [{ ...stale, value: values.get(stale.key), dump }] : []
  })
  done.kept.gone += going.length - there.length
  await record.removing(there)
  const replies = await connection.askAll(
    there.map((stale) => [
      'EVAL',
      source,
      '1',
      stale.key,
      stale.sha,
      String(stale.pttl),
      String(passedMs(stale, performance.now())),
    ]),
  )
  const kept = there.flatMap((stale, at) => {
    const reply = replies[at]
    if (reply === 1) return []
    return [{ ...stale, why: reply instanceof Refusal ? ('refused' as const) : answers[Number(reply)]!, reply }]
  })
  await record.kept(kept)
  for (const { why } of kept) if (why !== 'refused') done.kept[why]++
  const refusal = kept.find(({ reply }) => reply instanceof Refusal)?.reply
  const stayed = new Set(kept.map(({ key }) => key))
  const went = there.filter(({ key }) => !stayed.has(key))
  if (refusal instanceof Refusal) {
    done.removed += went.length
    throw refused(connection.where, 'the script that removes', refusal)
  }
  return went
}
