import { connected } from '../connected.ts'
import { attempt } from '../definite.ts'
import type { LockEnv } from '../lock.ts'
import { luaScript } from '../lua.ts'

const scripts = {
  acquire: luaScript(import.meta.url, 'acquire.lua'),
  take: luaScript(import.meta.url, 'take.lua'),
  release: luaScript(import.meta.url, 'release.lua'),
  extend: luaScript(import.meta.url, 'extend.lua'),
}

const fenceMemoryMs = 60 * 60 * 1000

/** One logical Redis, seen by a lock: every call settles within `timeoutMs`, and every failure says whether it is definite. */
export interface LockNode {
  /** The fence, or null where somebody else holds it. */
  acquire(key: string, token: string, ttlMs: number): Promise<string | null>
  /** Like acquire, without a fence. */
  take(key: string, token: string, ttlMs: number): Promise<boolean>
  release(key: string, token: string): Promise<boolean>
  extend(key: string, token: string, ttlMs: number): Promise<boolean>
  /** Resolves once it is connected, or when `timeoutMs` is over: a node that is down must not keep a shop from opening. */
  ready: Promise<void>
  close(): void
}

/**
 * ioredis' defaults wait, resend and replay, which is wrong for a lock: a command that is sent late takes the lock for somebody who has
 * given up. So here a command is written once and now, or fails at once.
 *
 * - `enableOfflineQueue: false`: without a connection it is refused, and never sent: definite.
 * - `maxRetriesPerRequest: 0`: what was in flight when the connection dropped fails then and there: indefinite, never sent again.
 * - `commandTimeout` bounds every call, the handshake of a new connection included, so that a server that accepts and says nothing
 *   (a stopped process, a black hole) does not hold us.
 * - A timeout or READONLY drops the connection: the next one asks Sentinel anew who is primary, and does not stay with a hung or
 *   demoted one.
 */
export function lockNode(env: LockEnv, node: number, timeoutMs: number): LockNode {
  const redis = env.connect(node, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    commandTimeout: timeoutMs,
    connectTimeout: timeoutMs,
    disconnectTimeout: 50,
    sentinelCommandTimeout: timeoutMs,
    retryStrategy: (times) => Math.min(20 * times, 200) + Math.random() * 20,
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  })
  redis.on('error', () => {})
  let connection = 0
  redis.on('connect', () => connection++)

  async function call<Reply>(send: () => Promise<Reply>): Promise<Reply> {
    const mine = connection
    try {
      return await attempt(redis, send)
    } catch (error) {
      // Only the connection that was too slow: not the fresh one that replaced it meanwhile.
      if (error instanceof Error && error.message === 'Command timed out' && mine === connection) redis.disconnect(true)
      throw error
    }
  }

  return {
    acquire: (key, token, ttlMs) =>
      call(() => scripts.acquire(redis, [key, `fence:${key}`], token, ttlMs, fenceMemoryMs)) as Promise<string | null>,
    take: async (key, token, ttlMs) => (await call(() => scripts.take(redis, [key], token, ttlMs))) === 1,
    release: async (key, token) => (await call(() => scripts.release(redis, [key], token))) === 1,
    extend: async (key, token, ttlMs) => (await call(() => scripts.extend(redis, [key], token, ttlMs))) === 1,
    ready: connected(redis, timeoutMs),
    close: () => redis.disconnect(),
  }
}
