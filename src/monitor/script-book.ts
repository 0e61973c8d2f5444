import { createHash } from 'node:crypto'

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
  readonly #byText = new Map<string, Entry>()

  learn(text: string): Entry {
    let entry = this.#byText.get(text)
    if (entry !== undefined) return entry
    entry = this.#byIdOrNew(createHash('sha1').update(text, 'latin1').digest('hex'))
    entry.text = text
    if (this.#byText.size >= entriesMax) this.#byText.clear()
    this.#byText.set(text, entry)
    return entry
  }

  /** @param name EVAL, EVALSHA or FCALL */
  entry(name: string, word: string): Entry {
    if (name === 'EVAL') return this.learn(word)
    return this.#byIdOrNew(name === 'FCALL' ? `function ${word}` : word.toLowerCase())
  }

  #byIdOrNew(id: string): Entry {
    let entry = this.#byId.get(id)
    if (entry !== undefined) return entry
    if (this.#byId.size >= entriesMax) this.#byId.clear()
    this.#byId.set(id, (entry = { id, text: undefined, did: new Set() }))
    return entry
  }
}
