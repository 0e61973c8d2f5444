/**
 * The works under way. A server that closes begins no more of them and waits for those that it has begun: a work that is torn between its
 * order and its stock would look like damage that the lock has done.
 */
export class Works {
  readonly #running = new Set<Promise<unknown>>()
  #closed = false

  /** Undefined where the server is closing, and nothing was begun. */
  async run<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (this.#closed) return undefined
    const running = work()
    this.#running.add(running)
    try {
      return await running
    } finally {
      this.#running.delete(running)
    }
  }

  /** Resolves when all have ended, or after `timeoutMs`. */
  async close(timeoutMs: number): Promise<void> {
    this.#closed = true
    const timeout = Promise.withResolvers<void>()
    const timer = setTimeout(timeout.resolve, timeoutMs)
    await Promise.race([Promise.allSettled(this.#running), timeout.promise])
    clearTimeout(timer)
  }
}
