/** The answer of a call that did not answer in time. */
export const overdue = Symbol('overdue')

interface Waiting {
  dueMs: number
  /** Undefined once it is settled. */
  give: (() => void) | undefined
}

/**
 * One deadline for many calls. All wait equally long, so they fall due in the order in which they began: a queue and one timer for all of
 * them, where a timer each would cost more than all else that a server does for a call.
 */
export class Deadline {
  readonly forMs: number
  #queue: Waiting[] = []
  #timer: NodeJS.Timeout | undefined

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
      if (this.#timer === undefined) this.#sleep()
    })
  }

  #sleep(): void {
    const forMs = Math.min(this.forMs, sweepEveryMs)
    // Alone it keeps no process alive: the calls themselves do.
    this.#timer = setTimeout(() => this.#sweep(), forMs).unref()
  }

  /** Gives up what is overdue, and forgets what is settled. */
  #sweep(): void {
    const nowMs = performance.now()
    for (const waiting of this.#queue) {
      if (waiting.dueMs > nowMs) break
      waiting.give?.()
      waiting.give = undefined
    }
    this.#queue = this.#queue.filter(({ give }) => give !== undefined)
    this.#timer = undefined
    if (this.#queue.length > 0) this.#sleep()
  }
}

/** How late a deadline may come, and how long what is settled stays in memory. */
const sweepEveryMs = 50
