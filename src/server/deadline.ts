/** The answer of a call that did not answer in time. */
export const overdue = Symbol('overdue')

interface Waiting {
  dueMs: number
  /** Undefined once it is settled. */
  give: (() => void) | undefined
}

/** How late a deadline may come. */
const sweepEveryMs = 50

/**
 * One deadline for many calls. All wait equally long, so they fall due in the order in which they began: a queue and one timer for all of
 * them, where a timer each would cost more than all else that a server does for a call.
 */
export class Deadline {
  readonly forMs: number
  /** In the order of their begin; what stands before `#head` is over. */
  #queue: Waiting[] = []
  #head = 0
  #timer: NodeJS.Timeout | undefined
  /** When the timer was set, ms. */
  #setAtMs = 0

  constructor(forMs: number) {
    this.forMs = forMs
  }

  /**
   * Calls and waits for the answer, until the deadline at most; a throw is a rejection. What the call answers after that goes to `late`; a
   * rejection after that goes nowhere, because nobody waits for it.
   */
  within<Answer>(
    call: () => Promise<Answer> | Answer,
    late?: (answer: Answer) => void,
  ): Promise<Answer | typeof overdue> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = { dueMs: performance.now() + this.forMs, give: () => resolve(overdue) }
      const settled = (answer: Answer) => {
        if (waiting.give === undefined) return late?.(answer)
        waiting.give = undefined
        resolve(answer)
      }
      const failed = (error: unknown) => {
        waiting.give = undefined
        reject(error as Error)
      }
      try {
        const answer = call()
        if (answer instanceof Promise) answer.then(settled, failed)
        // A thenable of the lock's own (an older promise library), or a plain value.
        else Promise.resolve(answer).then(settled, failed)
      } catch (error) {
        failed(error)
      }
      this.#queue.push(waiting)
      this.#forgetSettled()
      // Alone it keeps no process alive: the calls themselves do.
      if (this.#timer !== undefined) return
      this.#setAtMs = performance.now()
      this.#timer = setTimeout(this.#sweep, Math.min(this.forMs, sweepEveryMs)).unref()
    })
  }

  /** Most calls settle in about the order in which they began, so the queue stays as short as there are calls. */
  #forgetSettled(): void {
    const queue = this.#queue
    while (this.#head < queue.length && queue[this.#head]!.give === undefined) this.#head++
    if (this.#head < 64 || this.#head * 2 < queue.length) return
    queue.splice(0, this.#head)
    this.#head = 0
  }

  readonly #sweep = () => {
    const nowMs = performance.now()
    // This process stood still: answers may have come that it has not read yet, and timers are served before them.
    const stoodStill = nowMs - this.#setAtMs > 2 * sweepEveryMs
    this.#setAtMs = nowMs
    if (stoodStill) return void this.#timer!.refresh()
    for (let index = this.#head; index < this.#queue.length; index++) {
      const waiting = this.#queue[index]!
      if (waiting.dueMs > nowMs) break
      waiting.give?.()
      waiting.give = undefined
    }
    this.#forgetSettled()
    if (this.#head < this.#queue.length) this.#timer!.refresh()
    else this.#timer = undefined
  }
}
