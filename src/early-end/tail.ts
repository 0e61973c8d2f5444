import { closeSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'
import type { Event } from '../history/event.ts'

/** Of one file at a time; what is more comes with the next call. */
const chunkBytes = 1 << 20

/** Reads the history files of a drill that is under way: each call gives what was appended since the last one. */
export class Tail implements Disposable {
  readonly #folder: string
  readonly #files = new Map<string, { fd: number; rest: string }>()
  readonly #chunk = Buffer.allocUnsafe(chunkBytes)

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Whole lines only, in each file's own order. A file that appears later (a server's second life) is read from its beginning. */
  read(): Event[] {
    const events: Event[] = []
    for (const name of readdirSync(this.#folder)) {
      if (!name.endsWith('.ndjson')) continue
      let file = this.#files.get(name)
      if (!file) this.#files.set(name, (file = { fd: openSync(join(this.#folder, name), 'r'), rest: '' }))
      for (let bytes; (bytes = readSync(file.fd, this.#chunk, 0, chunkBytes, null)) > 0;) {
        // The recorder writes ASCII, so that no character is cut in two.
        const lines = (file.rest + this.#chunk.toString('latin1', 0, bytes)).split('\n')
        file.rest = lines.pop()!
        for (const line of lines) if (line !== '') events.push(JSON.parse(line) as Event)
      }
    }
    return events
  }

  [Symbol.dispose](): void {
    for (const { fd } of this.#files.values()) closeSync(fd)
  }
}
