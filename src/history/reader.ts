import { createReadStream, createWriteStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { UsageError } from '../lib/failure.ts'
import type { Event } from './event.ts'
import { EventTable, type Events } from './event-table.ts'
import { parseCall } from './parse-call.ts'
import { parseKey } from './parse-key.ts'
import { parseEvent, type Refused } from './parse.ts'
import { line } from './recorder.ts'

export interface History {
  /** Sorted by `t`; events of one process at one `t` keep their order. */
  events: Events
  /** One sentence for each place where the record is damaged: what stood there is missing. */
  notes: string[]
  /**
   * `end`: all that stands before the damage is there, so that what it shows is so. `middle`: a lock may have been released in what is
   * missing.
   */
  damage: 'none' | 'end' | 'middle'
}

/**
 * Reads NDJSON files, plain or `.gz`, and merges them by time. A folder means all of its `.ndjson` and `.ndjson.gz` files.
 * A line that is cut (a process was killed while it wrote) is left out, with a note; so is one that is no event of ours.
 * @throws UsageError where there is nothing to read
 */
export async function readHistory(source: string | readonly string[]): Promise<History> {
  const files = typeof source === 'string' ? await filesOf(source) : [...source]
  const events = new EventTable()
  const notes: string[] = []
  let damage: History['damage'] = 'none'
  for (const file of files) {
    const found = await readFile(file, events, notes)
    // Of several files the end of one is in the middle of the others.
    if (found !== 'none') damage = files.length === 1 ? found : 'middle'
  }
  events.sort()
  return { events, notes, damage }
}

/** Writes a merged history, one event a line, compressed at level 3: a third larger than by default, in a third of its time. */
export async function writeHistory(file: string, events: Events): Promise<void> {
  await pipeline(pieces(events), createGzip({ level: 3 }), createWriteStream(file))
}

/** Lines in pieces of about 64 KiB: the stream costs little, and memory stays bounded. */
function* pieces(events: Events): Generator<string> {
  let piece = ''
  for (const event of events) {
    piece += line(event, event.t)
    if (piece.length < 65536) continue
    yield piece
    piece = ''
  }
  if (piece) yield piece
}

async function filesOf(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => undefined)
  if (!found) throw new UsageError(`there is no history at ${path}`)
  if (found.isFile()) return [path]
  const files = (await readdir(path)).filter((name) => /\.ndjson(\.gz)?$/.test(name)).sort()
  if (files.length === 0) throw new UsageError(`${path} holds no .ndjson or .ndjson.gz file`)
  return files.map((name) => join(path, name))
}

/** What happens to nodes and programs may be told later than it was; of the rest, what lies further back than this is another clock's time. */
const lateMaxNs = 1e9
const isToldLate = ({ f }: Event) => f === 'topology' || f === 'adapter'

async function readFile(file: string, events: EventTable, notes: string[]): Promise<History['damage']> {
  const name = basename(file)
  const refused = new Map<Refused, { first: number; count: number }>()
  let number = 0
  let pieces: Buffer[] = []
  let latestNs = -Infinity
  let backwards: string | undefined
  let cutShort: boolean | undefined
  /** What was read is the last event of the table. */
  const took = (toldLate: boolean) => {
    const t = events.t[events.length - 1]!
    if (t < latestNs - lateMaxNs && !toldLate)
      backwards ??= `${name}:${number} is ${((latestNs - t) / 1e9).toFixed(1)} s before what stands above it: a clock went backwards, and what was when is not known`
    if (t >= latestNs) latestNs = t
  }
  const take = (line: string) => {
    number++
    if (line === '' || line === '\r') return
    const event = parseEvent(line)
    if (typeof event === 'string') {
      const before = refused.get(event)
      if (before) before.count++
      else refused.set(event, { first: number, count: 1 })
      return
    }
    events.add(event)
    took(isToldLate(event))
  }
  // Not node:readline, which also breaks lines at U+2028, a legal character within JSON strings.
  try {
    for await (const chunk of bytesOf(file)) {
      for (let from = 0; ;) {
        if (pieces.length === 0) {
          let next = parseCall(chunk, from, chunk.length, events)
          if (next < 0) next = parseKey(chunk, from, chunk.length, events)
          if (next >= 0) {
            number++
            took(false)
            from = next
            continue
          }
        }
        const to = chunk.indexOf(newline, from)
        if (to < 0) {
          pieces.push(chunk.subarray(from))
          break
        }
        // A line that began in the pieces before is whole only with them: a character may be cut in two.
        take(
          pieces.length === 0
            ? chunk.toString('utf8', from, to)
            : Buffer.concat([...pieces, chunk.subarray(0, to)]).toString(),
        )
        pieces = []
        from = to + 1
      }
    }
  } catch (error) {
    const why = damages[codeOf(error)]
    if (why === undefined) throw unreadable(file, error)
    // What was read before the damage still counts.
    notes.push(`${name} ${why}`)
    cutShort = codeOf(error) === 'Z_BUF_ERROR'
  }
  const rest = Buffer.concat(pieces)
  if (rest.length > 0) take(rest.toString())
  for (const [why, { first, count }] of refused)
    notes.push(
      count === 1
        ? `${name}:${first} is ${why}, and was left out`
        : `${count} lines of ${name} are ${why}${why === 'cut or no event' ? 's' : ''}, and were left out; the first is ${name}:${first}`,
    )
  if (backwards !== undefined) notes.push(backwards)
  const isTail = [...refused.values()].every(({ first, count }) => count === 1 && first === number)
  if (!isTail || backwards !== undefined || cutShort === false) return 'middle'
  return refused.size > 0 || cutShort ? 'end' : 'none'
}

/** Of compressed data, by zlib's codes. */
const damages: Record<string, string> = {
  Z_BUF_ERROR: 'ends in the middle of its compressed data',
  Z_DATA_ERROR: 'is damaged in the middle of its compressed data, and nothing could be read from there on',
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

/** A file that is the user's to make readable is one sentence. */
function unreadable(file: string, error: unknown): unknown {
  return codeOf(error).startsWith('E') ? new UsageError(`${file} cannot be read: ${(error as Error).message}`) : error
}

const newline = 10

function bytesOf(file: string): AsyncIterable<Buffer> {
  const bytes = createReadStream(file, { highWaterMark: 1 << 18 })
  if (!file.endsWith('.gz')) return bytes
  const gunzip = createGunzip({ chunkSize: 1 << 18 })
  bytes.on('error', (error) => gunzip.destroy(error))
  return bytes.pipe(gunzip)
}
