import type { Redis } from 'ioredis'

const counters = new WeakMap<Redis, Record<string, number>>()

/** From now on counts what this client sends, by the command's name in lower case. */
export function countSent(redis: Redis): void {
  const sent: Record<string, number> = {}
  counters.set(redis, sent)
  const send = redis.sendCommand.bind(redis)
  redis.sendCommand = (command, stream) => {
    const name = command.name.toLowerCase()
    sent[name] = (sent[name] ?? 0) + 1
    return send(command, stream)
  }
}

/** A copy; empty for a client that is not counted. */
export const sentBy = (redis: Redis): Record<string, number> => ({ ...counters.get(redis) })
