import type { Redis, RedisOptions } from 'ioredis'
import { connected } from '../connected.ts'
import { definite, isRefusal } from '../definite.ts'
import { isMissing, type LuaSource, luaSource } from '../lua.ts'
import { deadlines } from './deadlines.ts'
import type { Busy, Line, Turn } from './strategy.ts'
import { subscriber } from './subscriber.ts'

const scripts = {
  acquire: luaSource(import.meta.url, 'line.lua', 'grant.lua', 'acquire.lua'),
  release: luaSource(import.meta.url, 'line.lua', 'release.lua'),
  handOver: luaSource(import.meta.url, 'line.lua', 'grant.lua', 'hand-over.lua'),
  extend: luaSource(import.meta.url, 'extend.lua'),
}

/** Makes a new client each time. */
export type Connect = (options: RedisOptions) => Redis

export interface NodeOptions {
  connect: Connect
  /** Who waits here: the same name at all nodes. */
  process: string
  /** How long one call may take. */
  timeoutMs: number
  /** One of a quorum gives no fence: its nodes could not agree on one. */
  fenced: boolean
  /** How long after its restart a node gives no votes (0: no guard): what it has forgotten must have run out. */
  restartGuardMs?: number
}

/** One logical Redis, seen by a lock: every call settles within `timeoutMs`, and every failure says whether it is definite. */
export interface LockNode {
  acquire(key: string, token: string, ttlMs: number, line: Line): Promise<Vote>
  /** @param rejoin stands in line again, behind those who wait */
  release(key: string, token: string, rejoin?: boolean): Promise<boolean>
  handOver(
    key: string,
    token: string,
    next: { token: string; ttlMs: number },
    yields: boolean,
  ): Promise<{ released: boolean; next: Vote }>
  extend(key: string, token: string, ttlMs: number): Promise<boolean>
  /** How many replicas have all that was written so far; blocks this connection for `waitMs` at most. */
  replicated(replicas: number, waitMs: number): Promise<number>
  onTurn(turn: Turn): void
  /** Resolves once it is connected and hears, or when `timeoutMs` is over: a node that is down must not keep a shop from opening. */
  ready: Promise<void>
  close(): void
}

/** One node's word. */
export type Vote = { taken: true; fence?: string } | Busy

/**
 * ioredis' defaults wait, resend and replay, which is wrong for a lock: a command that is sent late takes the lock for somebody who has
 * given up. So here a command is written once and now, or fails at once.
 *
 * - `enableOfflineQueue: false`: without a connection it is refused, and never sent: definite.
 * - `maxRetriesPerRequest: 0`: what was in flight when the connection dropped fails then and there: indefinite, never sent again.
 * - `commandTimeout` bounds the handshake of a new connection, and `deadlines` every call after it, for less than a timer each: a server
 *   that accepts and says nothing (a stopped process, a black hole) does not hold us.
 * - A timeout or READONLY drops the connection: the next one asks Sentinel anew who is primary, and does not stay with a hung or
 *   demoted one. `failoverDetector` hears `+switch-master` and does the same at once.
 */
export function lockNode(options: NodeOptions): LockNode {
  const { connect, process, timeoutMs, fenced, restartGuardMs = 0 } = options
  const settings: RedisOptions = {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    commandTimeout: timeoutMs,
    connectTimeout: timeoutMs,
    disconnectTimeout: 50,
    sentinelCommandTimeout: timeoutMs,
    sentinelRetryStrategy: (times) => Math.min(20 * times, 200),
    retryStrategy: (times) => Math.min(20 * times, 200) + Math.random() * 20,
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  }
  const redis = connect({ ...settings, failoverDetector: true })
  const ear = subscriber(connect(settings), process)
  const within = deadlines(timeoutMs, () => redis.disconnect(true))
  let trusted = restartGuardMs === 0
  redis.on('error', () => {})
  redis.on('connect', () => void (trusted = restartGuardMs === 0))
  redis.on('ready', () => {
    delete redis.options.commandTimeout
    within.renewed()
  })
  redis.on('close', () => {
    redis.options.commandTimeout = timeoutMs
    // Whatever made us leave this node, the ear must not stay with it.
    ear.reconnect()
  })

  /** Nothing is ever sent twice, so a refusal is a proof. */
  const marked = (error: unknown) => (isRefusal(error) ? definite(error as Error) : (error as Error))

  function run({ sha, source }: LuaSource, keys: string[], args: (string | number)[]): Promise<unknown> {
    if (!trusted) return trust().then(() => run({ sha, source }, keys, args))
    return within.call(
      () => redis.evalsha(sha, keys.length, ...keys, ...args),
      (error) => {
        if (!isMissing(error)) throw marked(error)
        return within.call(
          () => redis.eval(source, keys.length, ...keys, ...args),
          (reason) => {
            throw marked(reason)
          },
        )
      },
    )
  }

  /** https://redis.io/docs/latest/develop/use/patterns/distributed-locks/#performance-crash-recovery-and-fsync */
  async function trust(): Promise<void> {
    // Whatever becomes of the question: no lock was asked for.
    const info = await within.call(
      () => redis.info('server'),
      (error) => {
        throw definite(error)
      },
    )
    // In whole seconds, rounded down or up as the server's clock ticks.
    const upForMs = (Number(/uptime_in_seconds:(\d+)/.exec(info)?.[1]) - 1) * 1000
    if (upForMs < restartGuardMs) {
      throw definite(new Error(`it restarted less than ${restartGuardMs} ms ago and gives no votes yet`))
    }
    trusted = true
  }

  const keys = (key: string) =>
    fenced ? [key, `picklock:line:${key}`, 'picklock:fence'] : [key, `picklock:line:${key}`]
  const place = (line: Line) => (ear.listening ? line : 'none')
  const vote = (reply: unknown, inLine: boolean): Vote => {
    if (typeof reply === 'string') return reply === '' ? { taken: true } : { taken: true, fence: reply }
    const heldForMs = Number(reply)
    // A key without a TTL is somebody else's, and stays until he deletes it.
    return { taken: false, heldForMs: heldForMs < 0 ? Infinity : heldForMs, inLine }
  }

  return {
    acquire(key, token, ttlMs, line) {
      const where = place(line)
      return run(scripts.acquire, keys(key), [token, ttlMs, process, where]).then((reply) =>
        Array.isArray(reply) ? vote(reply[0], where !== 'none') : vote(reply, false),
      )
    },
    release(key, token, rejoin = false) {
      const rejoining = rejoin && ear.listening ? [process] : []
      return run(scripts.release, [key, `picklock:line:${key}`], [token, ...rejoining]).then((reply) => reply === 1)
    },
    handOver(key, token, next, yields) {
      const others = yields && ear.listening ? 1 : 0
      return run(scripts.handOver, keys(key), [token, next.token, next.ttlMs, process, others]).then((reply) => {
        const [released, answer] = reply as [number, unknown]
        return { released: released === 1, next: vote(answer, true) }
      })
    },
    extend: (key, token, ttlMs) => run(scripts.extend, [key], [token, ttlMs]).then((reply) => reply === 1),
    replicated: (replicas, waitMs) =>
      within.call(
        () => redis.wait(replicas, waitMs),
        (error) => {
          throw error
        },
      ),
    onTurn: ear.onTurn,
    ready: connected(redis, timeoutMs),
    close() {
      redis.disconnect()
      ear.close()
      within.close()
    },
  }
}
