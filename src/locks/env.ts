import { Redis, type RedisOptions } from 'ioredis'
import type { Endpoints, LockEnv, TopologyKind } from './lock.ts'

/** What the server must close once the lock is closed, whatever the lock itself forgot. */
export interface ClosableLockEnv extends LockEnv {
  /** Closes every client that the lock made and did not close. */
  disconnectAll(): void
}

/** The `env` that a lock's `open` gets. Its clients have ioredis' own defaults: they are part of what is tested. */
export function lockEnv(given: {
  endpoints: Endpoints
  topology: TopologyKind
  server: string
  options: Readonly<Record<string, unknown>>
  log: (text: string) => void
}): ClosableLockEnv {
  const { endpoints, topology, server, log } = given
  const size = endpoints.sentinel ? 1 : endpoints.redis.length
  const clients = new Set<Redis>()

  return {
    topology,
    size,
    server,
    endpoints,
    options: { ...given.options },
    log,
    connect(node = 0, options = {}) {
      // replyMapping by name (it is ioredis' default), because the constructor's type wants no undefined there.
      const { replyMapping = 'legacy', ...rest } = { ...whereabouts(endpoints, node, size), ...options }
      const redis = new Redis({ ...rest, replyMapping })
      clients.add(redis)
      redis.on('end', () => clients.delete(redis))
      // It may have been started again.
      redis.on('connecting', () => clients.add(redis))
      // A lock that forgot its error listener must not fill the log with every attempt to reconnect: one line says it all.
      redis.once('error', (error) => {
        log(`client of ${nodeName(topology, node)}: ${error.message}`)
        redis.on('error', () => {})
      })
      return redis
    },
    disconnectAll() {
      for (const redis of clients) redis.disconnect()
      clients.clear()
    },
  }
}

const nodeName = (topology: TopologyKind, node: number) =>
  topology === 'sentinel' ? 'the primary' : `redis-${node + 1}`

function whereabouts(endpoints: Endpoints, node: number, size: number): RedisOptions {
  if (!Number.isInteger(node) || node < 0 || node >= size) {
    throw new RangeError(
      `connect(${node}): there ${size === 1 ? 'is one logical Redis, number 0' : `are ${size} logical Redis servers, 0 to ${size - 1}`}`,
    )
  }
  const password = endpoints.password === '' ? {} : { password: endpoints.password }
  const { sentinel } = endpoints
  if (!sentinel) return { ...endpoints.redis[node]!, ...password }
  return {
    sentinels: sentinel.nodes,
    name: sentinel.name,
    natMap: sentinel.natMap,
    ...password,
    ...(sentinel.password === '' ? {} : { sentinelPassword: sentinel.password }),
  }
}
