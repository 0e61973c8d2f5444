import type { Redis } from 'ioredis'
import { lasting } from './lasting.ts'
import type { Turn } from './strategy.ts'

/**
 * A process' ear at one Redis: one connection with one channel of its own, whatever the number of keys and callers, so that there is nothing to
 * subscribe while somebody waits and nothing that could leak.
 */
export interface Subscriber {
  /** Whether news get through, as far as is known: stand in line only then. */
  readonly listening: boolean
  onTurn(turn: Turn): void
  /** Connects anew: whoever it hears may no longer be the primary. */
  reconnect(): void
  close(): void
}

/** @param redis a client of its own, without ioredis' autoResubscribe */
export function subscriber(redis: Redis, process: string): Subscriber {
  const life = lasting(redis)
  let listening = false
  let tell: Turn = () => {}
  redis.on('error', () => {})
  redis.on('ready', () => {
    redis.subscribe(`picklock:turn:${process}`).then(
      () => {
        listening = true
        tell()
      },
      () => redis.disconnect(true),
    )
  })
  redis.on('close', () => {
    if (!listening) return
    listening = false
    tell()
  })
  redis.on('message', (_channel: string, key: string) => tell(key))

  return {
    get listening() {
      return listening
    },
    onTurn: (turn) => void (tell = turn),
    reconnect: () => {
      if (listening) redis.disconnect(true)
    },
    close: life.close,
  }
}
