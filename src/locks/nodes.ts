import type { Redis } from 'ioredis'
import { connected } from './connected.ts'
import type { Held } from './held.ts'
import type { LockEnv } from './lock.ts'
import { luaScript } from './lua.ts'
import { pause } from './pause.ts'

const releaseIfMine = luaScript(import.meta.url, 'release.lua')

/** All logical Redis servers of a drill, for a quorum lock: what such locks do alike, and nothing that decides. */
export interface Nodes {
  redis: readonly Redis[]
  majority: number
  /** Asks all at once; undefined stands for a node that did not answer. */
  ask<Answer>(question: (redis: Redis, index: number) => Promise<Answer>): Promise<(Answer | undefined)[]>
  /** Compare and delete on every node; how many had it. */
  free(held: Held): Promise<number>
}

/** A command is sent once and now, or fails; it has `timeoutMs` to be answered. A node that is down does not keep the lock from opening. */
export async function openNodes(env: LockEnv, timeoutMs = 150): Promise<Nodes> {
  const redis = Array.from({ length: env.size }, (_, node) =>
    env.connect(node, {
      commandTimeout: timeoutMs,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      retryStrategy: (times) => Math.min(20 * times, 100),
    }),
  )
  await Promise.all(redis.map((node) => connected(node, 2000)))
  const ask: Nodes['ask'] = (question) =>
    Promise.all(redis.map((node, index) => question(node, index).catch(() => undefined)))
  return {
    redis,
    majority: Math.floor(redis.length / 2) + 1,
    ask,
    free: async ({ key, token }) => count(await ask((node) => releaseIfMine(node, [key], token)), 1),
  }
}

/** How many answers are this one. */
export const count = <Answer>(answers: readonly Answer[], wanted: Answer): number =>
  answers.filter((answer) => answer === wanted).length

/** How many nodes answered at all. */
export const answered = (answers: readonly unknown[]): number => answers.filter((answer) => answer !== undefined).length

/** What is left of a lease that was asked for at `sentAtMs` (performance.now()), less what clocks may drift apart. */
export const validity = (ttlMs: number, sentAtMs: number): number => ttlMs * 0.99 - 2 - (performance.now() - sentAtMs)

/** Tries until a try gives a grant, or until another one would come too late: null. The pauses are random, so that rivals end up apart. */
export async function retrying<Grant>(
  { waitMs, signal }: { waitMs: number; signal: AbortSignal },
  once: () => Promise<Grant | null>,
  pauseMs: () => number = () => 10 + Math.random() * 30,
): Promise<Grant | null> {
  const giveUpAtMs = performance.now() + waitMs
  for (;;) {
    const grant = await once()
    if (grant !== null) return grant
    const restMs = pauseMs()
    if (signal.aborted || performance.now() + restMs > giveUpAtMs) return null
    await pause(restMs, signal)
  }
}
