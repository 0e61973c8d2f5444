/**
 * The observer reads an event a little after the node did it, and the server its answer likewise; their order across processes is
 * trusted only beyond this.
 */
export const readLagNs = 100e6

/**
 * How late what a connection reads may be told: its reader may stand still, or be behind with what was sent. Whoever reads calls `tick` at a steady pace, and
 * where that says so, asks a question on the connection and calls `answered` with its answer. Times in ns of one clock, bytes as the socket counts those
 * that it has read.
 *
 * What comes after the answer to a question happened after the question was asked. What comes after a whole turn of the event loop in which nothing came
 * happened after that turn began: a node that is silent makes nobody late.
 */
export class Lag {
  /** What is read from now on happened after this. */
  #knownNs: number
  #tickNs: number
  #askedNs: number | undefined
  #bytes: number

  constructor(nowNs: number, bytes: number) {
    this.#knownNs = this.#tickNs = nowNs
    this.#bytes = bytes
  }

  /** Whether to ask now: something came since the last tick or answer, and no question is under way. */
  tick(nowNs: number, bytes: number): boolean {
    const silent = bytes === this.#bytes
    if (silent) this.#knownNs = this.#tickNs
    this.#tickNs = nowNs
    this.#bytes = bytes
    if (silent || this.#askedNs !== undefined) return false
    this.#askedNs = nowNs
    return true
  }

  /** By how many ns what was read since the last answer may have been told too late. */
  answered(nowNs: number, bytes: number): number {
    const lagNs = this.behindNs(nowNs)
    this.#knownNs = Math.max(this.#knownNs, this.#askedNs ?? 0)
    this.#askedNs = undefined
    this.#bytes = bytes
    return lagNs
  }

  behindNs(nowNs: number): number {
    return nowNs - this.#knownNs
  }
}
