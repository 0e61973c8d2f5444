/**
 * The works under way. A server that closes begins no more of them and waits for those that it has begun: a work that is torn between its
 * order and its stock would look like damage that the lock has done.
 */
export class Works {
  #running = 0
  #closed = false
  #idle: (() => void) | undefined

  /** False where the server is closing, and the work must not begin. Each `true` wants its `end`. */
  begin(): boolean {
    if (this.#closed) return false
    this.#running++
    return true
  }

  end(): void {
    this.#running--
    if (this.#running === 0) this.#idle?.()
  }

  /** Resolves when all have ended, or after `timeoutMs`. */
  async close(timeoutMs: number): Promise<void> {
    this.#closed = true
    if (this.#running === 0) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs)
      this.#idle = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
