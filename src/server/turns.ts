import { performance } from 'node:perf_hooks'

/** How often the event loop is seen to turn. */
const everyMs = 5
/** A turn that is no longer is nothing to speak of. */
const shortNs = 10e6
/** Beyond it nothing is excused: the same as for the pipe of a program (stdio). */
const longNs = 250e6

/**
 * By how much an answer may be written down too late because this process lost its core, or was busy, between the lock's own reckoning and our clock.
 * A lock reckons in a turn of the event loop, and answers in it: no more can lie between the two than the loop was at work since it was last seen to
 * turn. (What it slept is left out: a process that stood still before it read Redis' answer reckons afterwards.)
 */
export class Turns implements Disposable {
  #turnedMs = activeMs()
  readonly #timer = setInterval(() => (this.#turnedMs = activeMs()), everyMs).unref()

  /** ns; undefined where it is not worth a word. */
  lagNs(): number | undefined {
    const lagNs = Math.round((activeMs() - this.#turnedMs) * 1e6)
    return lagNs > shortNs ? Math.min(lagNs, longNs) : undefined
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }
}

/** What the event loop did not sleep since it began. */
const activeMs = () => performance.eventLoopUtilization().active
