import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** `node download.mjs URL FILE`: exit code 1 and one line on stderr where that fails. */
const [url, file] = process.argv.slice(2)
try {
  const response = await fetch(url, { signal: AbortSignal.timeout(120_000) })
  if (!response.ok) throw new Error(`the server answered ${response.status}`)
  await pipeline(Readable.fromWeb(response.body), createWriteStream(file))
} catch (error) {
  process.stderr.write(`${error.cause?.message ?? error.message}\n`)
  process.exitCode = 1
}
