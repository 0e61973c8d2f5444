import type { Redis } from 'ioredis'

const againAfterMs = 50

/**
 * Keeps a client from ending before we close it. Told to drop its connection while it is still asking Sentinel for the next one, ioredis 6 gives up for good: its
 * status is `end`, and every later command is refused. Its own failover detector tells it so when two failovers follow each other closely.
 */
export function lasting(redis: Redis): { close(): void } {
  let closed = false
  const again = () => {
    // Its failures are events of the client, as those of any other try.
    if (!closed) void redis.connect().catch(() => {})
  }
  redis.on('end', () => void (closed || setTimeout(again, againAfterMs).unref()))
  return {
    close() {
      closed = true
      redis.disconnect()
    },
  }
}
