/** What is under way on one connection, each for a limited time. */
export interface Deadlines {
  /** @param otherwise what becomes of a failure: another answer, or a throw */
  call<Reply>(send: () => Promise<Reply>, otherwise: (error: Error) => Reply | Promise<Reply>): Promise<Reply>
  /** There is a new connection: the calls of the last one do not count against it. */
  renewed(): void
  close(): void
}

interface Call {
  sentAtMs: number
  connection: number
  fail(error: Error): void
}

/**
 * All calls have the same time, so the oldest one ends first, and one timer serves them all. It is looked at after the replies that are there
 * already: a process that was stopped for a while must not take them for late.
 *
 * @param drop ends the connection on which a call was too slow, once
 */
export function deadlines(timeoutMs: number, drop: () => void): Deadlines {
  const underWay = new Set<Call>()
  let connection = 0
  let timer: NodeJS.Timeout | undefined

  function check(): void {
    timer = undefined
    const nowMs = performance.now()
    let slow = false
    for (const call of underWay) {
      const leftMs = call.sentAtMs + timeoutMs - nowMs
      if (leftMs > 0) {
        arm(leftMs)
        break
      }
      underWay.delete(call)
      slow ||= call.connection === connection
      call.fail(new Error('Command timed out'))
    }
    if (!slow) return
    connection++
    drop()
  }

  function arm(ms: number): void {
    timer ??= setTimeout(setImmediate, ms, check)
  }

  return {
    call: (send, otherwise) =>
      new Promise((resolve, reject) => {
        const fail = (error: Error) => {
          try {
            resolve(otherwise(error))
          } catch (reason) {
            reject(reason as Error)
          }
        }
        const call: Call = { sentAtMs: performance.now(), connection, fail }
        underWay.add(call)
        arm(timeoutMs)
        send().then(
          (reply) => {
            underWay.delete(call)
            resolve(reply)
          },
          (error: Error) => {
            if (underWay.delete(call)) fail(error)
          },
        )
      }),
    renewed: () => void connection++,
    close: () => clearTimeout(timer),
  }
}
