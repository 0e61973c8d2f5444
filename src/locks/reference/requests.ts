import type { Command, Redis } from 'ioredis'
import { deadlines } from './deadlines.ts'

/** So many commands of one turn go out together: enough to save most of the writes, and few enough to keep the server at work meanwhile. */
const together = 6

/** What is asked of one Redis. */
export interface Requests {
  /**
   * Sends a command once and now, or fails at once; fails, too, when it is not answered in time.
   *
   * @param read makes the answer of the reply
   * @param otherwise what becomes of a failure: another answer, or a throw
   */
  send<Answer>(
    command: Command,
    sentAtMs: number,
    read: (reply: unknown) => Answer,
    otherwise: (error: Error) => Answer | Promise<Answer>,
  ): Promise<Answer>
  close(): void
}

/**
 * @param redis without an offline queue, and without retries
 * @param timeoutMs a call that takes longer fails, and its connection is dropped: it may be dead
 */
export function requests(redis: Redis, timeoutMs: number): Requests {
  const within = deadlines(timeoutMs, () => redis.disconnect(true))
  /** Of the stream that is held back until the end of this turn. */
  let held: Redis['stream'] | undefined
  let waiting = 0
  redis.on('ready', within.renewed)

  function flush(): void {
    held?.uncork()
    held = undefined
  }

  /**
   * Callers who were answered by one read, or whose own customers came at one moment, ask one right after the other, and a write for each is
   * most of what a request costs. So while others are under way what is sent waits for the end of this turn of the event loop, in small
   * parcels.
   */
  function gather(): void {
    if (held) {
      if (++waiting < together) return
      waiting = 0
      held.uncork()
      held.cork()
    } else if (within.any) {
      held = redis.stream
      waiting = 0
      held.cork()
      setImmediate(flush)
    }
  }

  return {
    send(command, sentAtMs, read, otherwise) {
      if (redis.status === 'ready') gather()
      // What it returns is the same promise, without its type.
      void redis.sendCommand(command)
      const call = { sentAtMs, fail: command.reject }
      within.began(call)
      return (command.promise as Promise<unknown>).then(
        (reply) => {
          within.ended(call)
          return read(reply)
        },
        (error: Error) => {
          within.ended(call)
          return otherwise(error)
        },
      )
    },
    close: within.close,
  }
}
