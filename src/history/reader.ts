import { createReadStream, createWriteStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { UsageError } from '../lib/failure.ts'
import type { Event } from './event.ts'
import { line } from './recorder.ts'

export interface History {
  /** Sorted by `t`; events of one process at one `t` keep their order. */
  events: Event[]
  /** One sentence for each place where the record is damaged: what stood there is missing. */
  notes: string[]
}

/**
 * Reads NDJSON files, plain or `.gz`, and merges them by time. A folder means all of its `.ndjson` and `.ndjson.gz` files.
 * A line that is cut (a process was killed while it wrote) is left out, with a note.
 * @throws UsageError where there is nothing to read
 */
export async function readHistory(source: string | readonly string[]): Promise<History> {
  const files = typeof source === 'string' ? await filesOf(source) : [...source]
  const events: Event[] = []
  const notes: string[] = []
  for (const file of files) await readFile(file, events, notes)
  // Array.prototype.sort is stable, and quick where runs are sorted already.
  events.sort((a, b) => a.t - b.t)
  return { events, notes }
}

/** Writes a merged history, one event a line, compressed at level 3: a third larger than by default, in a third of its time. */
export async function writeHistory(file: string, events: readonly Event[]): Promise<void> {
  await pipeline(pieces(events), createGzip({ level: 3 }), createWriteStream(file))
}

/** Lines in pieces of about 64 KiB: the stream costs little, and memory stays bounded. */
function* pieces(events: readonly Event[]): Generator<string> {
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

async function readFile(file: string, events: Event[], notes: string[]): Promise<void> {
  let number = 0
  let rest = ''
  // Not node:readline, which also breaks lines at U+2028, a legal character within JSON strings.
  const take = (line: string) => {
    number++
    if (line === '' || line === '\r') return
    const event = parse(line)
    if (event) events.push(event)
    else notes.push(`${basename(file)}:${number} is cut or no event, and was left out`)
  }
  try {
    for await (const chunk of textOf(file)) {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop()!
      for (const line of lines) take(line)
    }
  } catch (error) {
    // A compressed file that ends early; what was read before it still counts.
    if (!(error instanceof Error && 'code' in error && error.code === 'Z_BUF_ERROR')) throw error
    notes.push(`${basename(file)} ends in the middle of its compressed data`)
  }
  if (rest !== '') take(rest)
}

function textOf(file: string): AsyncIterable<string> {
  const bytes = createReadStream(file, { highWaterMark: 1 << 18 })
  if (!file.endsWith('.gz')) return bytes.setEncoding('utf8')
  const gunzip = createGunzip()
  bytes.on('error', (error) => gunzip.destroy(error))
  return bytes.pipe(gunzip).setEncoding('utf8')
}

function parse(line: string): Event | undefined {
  try {
    const value: unknown = JSON.parse(line)
    const isEvent =
      typeof value === 'object' &&
      value !== null &&
      't' in value &&
      typeof value.t === 'number' &&
      'f' in value &&
      typeof value.f === 'string'
    return isEvent ? (value as Event) : undefined
  } catch {
    return undefined
  }
}
