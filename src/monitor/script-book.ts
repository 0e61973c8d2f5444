import { createHash } from 'node:crypto'
import { unescape } from './line.ts'

interface Entry {
  id: string
  text: string | undefined
  did: Set<string>
}

/** Whoever writes values into the text of a script makes a new one with each call. */
const entriesMax = 5_000

/** The scripts of a capture: their texts, by the SHA-1 by which EVALSHA calls them, and what they have been seen to do. */
export class ScriptBook {
  readonly #byId = new Map<string, Entry>()
  readonly #byRaw = new Map<string, Entry>()

  /** @param raw the text as MONITOR writes it */
  learn(raw: string): Entry {
    let entry = this.#byRaw.get(raw)
    if (entry !== undefined) return entry
    const text = unescape(raw)
    entry = this.#byIdOrNew(createHash('sha1').update(text, 'latin1').digest('hex'))
    entry.text = text
    if (this.#byRaw.size >= entriesMax) this.#byRaw.clear()
    this.#byRaw.set(raw, entry)
    return entry
  }

  /** @param name EVAL, EVALSHA or FCALL */
  entry(name: string, raw: string): Entry {
    if (name === 'EVAL') return this.learn(raw)
    return this.#byIdOrNew(name === 'FCALL' ? `function ${raw}` : raw.toLowerCase())
  }

  #byIdOrNew(id: string): Entry {
    let entry = this.#byId.get(id)
    if (entry !== undefined) return entry
    if (this.#byId.size >= entriesMax) this.#byId.clear()
    this.#byId.set(id, (entry = { id, text: undefined, did: new Set() }))
    return entry
  }
}
