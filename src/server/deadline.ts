/** The answer of a call that did not answer in time. */
export const overdue = Symbol('overdue')

/**
 * Calls and waits for the answer, for `deadlineMs` at most; a throw is a rejection. What the call answers after that goes to `late`;
 * a rejection after that goes nowhere, because nobody waits for it.
 */
export function within<Answer>(
  deadlineMs: number,
  call: () => Promise<Answer> | Answer,
  late: (answer: Answer) => void,
): Promise<Answer | typeof overdue> {
  return new Promise((resolve, reject) => {
    let over = false
    const timer = setTimeout(() => {
      over = true
      resolve(overdue)
    }, deadlineMs)
    const settled = (answer: Answer) => {
      if (over) return late(answer)
      clearTimeout(timer)
      resolve(answer)
    }
    const failed = (error: unknown) => {
      if (over) return
      clearTimeout(timer)
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
  })
}
