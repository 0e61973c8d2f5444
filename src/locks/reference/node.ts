import { Command, type Redis, type RedisOptions } from 'ioredis'
import { connected } from '../connected.ts'
import { definite, isRefusal } from '../definite.ts'
import { isMissing, type LuaSource, luaSource } from '../lua.ts'
import { lasting } from './lasting.ts'
import { validUntil } from './lease.ts'
import { requests } from './requests.ts'
import { evalsha, evalWhole, scriptWords } from './script-call.ts'
import type { Busy, Line, Taken, Turn } from './strategy.ts'
import { subscriber } from './subscriber.ts'

const scripts = {
  acquire: luaSource(import.meta.url, 'fence.lua', 'line.lua', 'acquire.lua'),
  release: luaSource(import.meta.url, 'line.lua', 'release.lua'),
  handOver: luaSource(import.meta.url, 'fence.lua', 'line.lua', 'hand-over.lua'),
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
export type Vote = Taken | Busy

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
  const life = lasting(redis)
  const ear = subscriber(connect(settings), process)
  const { send, close } = requests(redis, timeoutMs)
  let trusted = restartGuardMs === 0
  redis.on('error', () => {})
  redis.on('connect', () => void (trusted = restartGuardMs === 0))
  redis.on('ready', () => {
    delete redis.options.commandTimeout
  })
  redis.on('close', () => {
    redis.options.commandTimeout = timeoutMs
    // Whatever made us leave this node, the ear must not stay with it.
    ear.reconnect()
  })

  function run<Answer>(
    script: LuaSource,
    words: ReturnType<typeof scriptWords>,
    sentAtMs: number,
    read: (reply: unknown) => Answer,
  ): Promise<Answer> {
    if (!trusted) return trust().then(() => run(script, words, performance.now(), read))
    return send(evalsha(script, words), sentAtMs, read, (error) => {
      if (!isMissing(error)) throw marked(error)
      return send(evalWhole(script, words), performance.now(), read, refuse)
    })
  }

  /** https://redis.io/docs/latest/develop/use/patterns/distributed-locks/#performance-crash-recovery-and-fsync */
  async function trust(): Promise<void> {
    const info = await send(new Command('info', ['server'], form), performance.now(), String, (error) => {
      // Whatever becomes of the question: no lock was asked for.
      throw definite(error)
    })
    // In whole seconds, rounded down or up as the server's clock ticks.
    const upForMs = (Number(/uptime_in_seconds:(\d+)/.exec(info)?.[1]) - 1) * 1000
    if (upForMs < restartGuardMs) {
      throw definite(new Error(`it restarted less than ${restartGuardMs} ms ago and gives no votes yet`))
    }
    trusted = true
  }

  const prefix = redis.options.keyPrefix ?? ''
  const fence = `${prefix}picklock:fence`
  const line = (key: string) => `${prefix}picklock:line:${key}`
  const keys = (key: string) => (fenced ? [prefix + key, line(key), fence] : [prefix + key, line(key)])
  const place = (line: Line) => (ear.listening ? line : 'none')

  return {
    acquire(key, token, ttlMs, asked) {
      const sentAtMs = performance.now()
      const where = place(asked)
      const words = scriptWords(keys(key), token, String(ttlMs), process, where)
      return run(scripts.acquire, words, sentAtMs, (reply) =>
        vote(reply, validUntil(sentAtMs, ttlMs), where !== 'none'),
      )
    },
    release(key, token, rejoin = false) {
      const where = [prefix + key, line(key)]
      const words = rejoin && ear.listening ? scriptWords(where, token, process) : scriptWords(where, token)
      return run(scripts.release, words, performance.now(), isOne)
    },
    handOver(key, token, next, yields) {
      const sentAtMs = performance.now()
      const others = yields && ear.listening ? '1' : '0'
      const words = scriptWords(keys(key), token, next.token, String(next.ttlMs), process, others)
      return run(scripts.handOver, words, sentAtMs, (reply) => {
        const [released, answer] = reply as [unknown, unknown]
        return { released: isOne(released), next: vote(answer, validUntil(sentAtMs, next.ttlMs), true) }
      })
    },
    extend: (key, token, ttlMs) =>
      run(scripts.extend, scriptWords([prefix + key], token, String(ttlMs)), performance.now(), isOne),
    replicated: (replicas, waitMs) =>
      send(new Command('wait', [replicas, waitMs], form), performance.now(), Number, (error) => {
        throw error
      }),
    onTurn: (turn) => ear.onTurn((key) => turn(key?.slice(prefix.length))),
    ready: connected(redis, timeoutMs),
    close() {
      life.close()
      ear.close()
      close()
    },
  }
}

const form = { replyEncoding: 'utf8' } as const

/** Nothing is ever sent twice, so a refusal is a proof. */
const marked = (error: Error) => (isRefusal(error) ? definite(error) : error)

function refuse(error: Error): never {
  throw marked(error)
}

const isOne = (reply: unknown) => Number(reply) === 1

/** A fence, '' for none; or in a list what is left of the holder's TTL. */
function vote(reply: unknown, validUntilMs: number, inLine: boolean): Vote {
  if (typeof reply === 'string') return { taken: true, fence: reply === '' ? undefined : reply, validUntilMs }
  const heldForMs = Number(reply)
  // A key without a TTL is somebody else's, and stays until he deletes it.
  return { taken: false, heldForMs: heldForMs < 0 ? Infinity : heldForMs, inLine }
}
