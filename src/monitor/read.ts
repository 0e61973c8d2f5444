import { createReadStream, type Stats } from 'node:fs'
import { stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { UsageError } from '../lib/failure.ts'
import { Capture } from './capture.ts'

const chunkBytes = 1 << 20

export interface Read {
  capture: Capture
  /** Why the reading ended before the end; what was read counts. */
  broken?: string
}

/** Reads a capture from a file or, with `-`, from stdin; gzip by its first bytes. Throws a UsageError where there is nothing to read. */
export async function readCapture(
  path: string,
  onProgress: (bytes: number) => void,
  signal?: AbortSignal,
): Promise<Read> {
  const source = path === '-' ? process.stdin : createReadStream(await existing(path), { highWaterMark: chunkBytes })
  const capture = new Capture()
  let broken: string | undefined
  try {
    await pipeline(
      unzipped(source),
      async (chunks: AsyncIterable<Buffer>) => {
        for await (const chunk of chunks) {
          capture.take(chunk)
          onProgress(capture.bytes)
        }
      },
      { ...(signal && { signal }) },
    )
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code !== 'ABORT_ERR' && code?.startsWith('Z_') !== true && code !== 'EIO') throw error
    if (code !== 'ABORT_ERR')
      broken = `${shownPath(path)} is damaged after ${capture.bytes} bytes of text (${message}); what stands before is counted`
  }
  capture.end()
  return broken === undefined ? { capture } : { capture, broken }
}

export const shownPath = (path: string) => (path === '-' ? 'stdin' : path)

async function existing(path: string): Promise<string> {
  let stats: Stats
  try {
    stats = await stat(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new UsageError(
      `cannot read the capture ${path}: ${code === 'ENOENT' ? 'there is no such file (redis-cli MONITOR > monitor.log makes one)' : code}`,
    )
  }
  if (stats.isDirectory()) throw new UsageError(`cannot read the capture ${path}: it is a folder`)
  return path
}

/** As it is, or unpacked where it begins as gzip does. */
async function* unzipped(source: Readable): AsyncGenerator<Buffer> {
  const chunks = source[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  let head = Buffer.alloc(0)
  let ended = false
  while (head.length < 2 && !ended) {
    const { value, done } = await chunks.next()
    if (done) ended = true
    else head = Buffer.concat([head, value])
  }
  const whole = async function* () {
    yield head
    for (;;) {
      const { value, done } = await chunks.next()
      if (done) return
      yield value
    }
  }
  if (head[0] !== 0x1f || head[1] !== 0x8b) return yield* whole()
  const gunzip = createGunzip({ chunkSize: chunkBytes })
  const feeding = pipeline(whole, gunzip).catch((error: unknown) => gunzip.destroy(error as Error))
  yield* gunzip as AsyncIterable<Buffer>
  await feeding
}
