import { grown } from '../lib/grown.ts'
import type { Rest } from './event-table.ts'

/**
 * What most grants say, a million times in a long history: a token, a fence that is a number, a validity. As columns they cost the garbage collector nothing,
 * and a token becomes a string when somebody asks for it.
 */
export class GrantColumns {
  #size = 0
  /** NaN where there is none. */
  #fence = new Float64Array(64)
  /** NaN where there is none. */
  #validForMs = new Float64Array(64)
  /** All tokens, ASCII, one behind the other, and where each ends. */
  #tokens = new Uint8Array(64 * 32)
  #ends = new Int32Array(64)

  /** Its number. The token is a part of `bytes`. */
  add(bytes: Uint8Array, from: number, to: number, fence: number, validForMs: number): number {
    if (this.#size === this.#ends.length) {
      this.#fence = grown(this.#fence)
      this.#validForMs = grown(this.#validForMs)
      this.#ends = grown(this.#ends)
    }
    const number = this.#size++
    this.#fence[number] = fence
    this.#validForMs[number] = validForMs
    const start = this.#startOf(number)
    const end = start + to - from
    while (end > this.#tokens.length) this.#tokens = grown(this.#tokens)
    const tokens = this.#tokens
    for (let i = 0; i < to - from; i++) tokens[start + i] = bytes[from + i]!
    this.#ends[number] = end
    return number
  }

  fence(number: number): number | undefined {
    return orUndefined(this.#fence[number]!)
  }

  validForMs(number: number): number | undefined {
    return orUndefined(this.#validForMs[number]!)
  }

  rest(number: number): Rest {
    const token = Buffer.from(this.#tokens.buffer, this.#startOf(number), this.#ends[number]! - this.#startOf(number))
    const [fence, validForMs] = [this.fence(number), this.validForMs(number)]
    return {
      token: token.toString('latin1'),
      ...(fence !== undefined && { fence: String(fence) }),
      ...(validForMs !== undefined && { validForMs }),
    }
  }

  #startOf(number: number): number {
    return number === 0 ? 0 : this.#ends[number - 1]!
  }
}

const orUndefined = (value: number) => (Number.isNaN(value) ? undefined : value)
