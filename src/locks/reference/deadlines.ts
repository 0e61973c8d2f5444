/** What is under way on one connection, each for a limited time. */
export interface Deadlines {
  began(call: Call): void
  ended(call: Call): void
  /** Whether any is under way. */
  readonly any: boolean
  /** There is a new connection: the calls of the last one do not count against it. */
  renewed(): void
  close(): void
}

/** One request, from when it was sent to its reply. */
export interface Call {
  readonly sentAtMs: number
  /** Told when its time is over. */
  readonly fail: (error: Error) => void
}

/** So many that are over are kept at most. */
const tidyAt = 1000

/**
 * All calls have the same time, so the oldest one ends first, and one timer serves them all. It is looked at after the replies that are there
 * already: a process that was stopped for a while must not take them for late.
 *
 * @param drop ends the connection on which a call was too slow, once
 */
export function deadlines(timeoutMs: number, drop: () => void): Deadlines {
  /**
   * In the order in which they were sent, which is that of the replies; those before `oldest` are over. No Set: what V8 leaves behind of one
   * through which a hundred thousand things go in a second keeps them all alive until the next full collection.
   */
  let calls: (Call | undefined)[] = []
  let oldest = 0
  /** From here on they are of this connection. */
  let current = 0
  let timer: NodeJS.Timeout | undefined

  function check(): void {
    timer = undefined
    const nowMs = performance.now()
    let slow = false
    for (let at = oldest; at < calls.length; at++) {
      const call = calls[at]
      if (!call) continue
      const leftMs = call.sentAtMs + timeoutMs - nowMs
      if (leftMs > 0) {
        arm(leftMs)
        break
      }
      slow ||= at >= current
      calls[at] = undefined
      call.fail(new Error('Command timed out'))
    }
    forget()
    if (!slow) return
    current = calls.length
    drop()
  }

  function arm(ms: number): void {
    timer ??= setTimeout(setImmediate, ms, check)
  }

  function forget(): void {
    while (oldest < calls.length && !calls[oldest]) oldest++
    if (oldest < tidyAt) return
    calls = calls.slice(oldest)
    current = Math.max(0, current - oldest)
    oldest = 0
  }

  return {
    began(call) {
      calls.push(call)
      arm(timeoutMs)
    },
    ended(call) {
      const at = calls[oldest] === call ? oldest : calls.indexOf(call, oldest)
      if (at < 0) return
      calls[at] = undefined
      forget()
    },
    get any() {
      return oldest < calls.length
    },
    renewed: () => void (current = calls.length),
    close: () => clearTimeout(timer),
  }
}
