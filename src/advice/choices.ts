import type { TopologyKind } from '../locks/lock.ts'
import type { GuardName } from '../workloads/common.ts'

/** What one can put between two buyers of one thing (seeds 001 and 002): a way to decide, where it lives, and the lock that stands for it. */
export interface Choice {
  title: string
  topology: TopologyKind
  guard: GuardName
  /** Redis processes that it takes, Sentinels beside them. */
  takes: string
}

/** The registry: a new choice is one entry. They are measured and shown in this order; the lock is `reference`, where there is one. */
export const choices = {
  none: { title: 'nothing at all', topology: 'single', guard: 'none', takes: 'nothing' },
  'lock-single': { title: 'a lock on one Redis', topology: 'single', guard: 'lock', takes: '1 Redis' },
  'lock-sentinel': {
    title: 'a lock behind Sentinel',
    topology: 'sentinel',
    guard: 'lock',
    takes: '2 Redis, 3 Sentinels',
  },
  redlock: { title: 'Redlock', topology: 'redlock', guard: 'lock', takes: '3 Redis' },
  fenced: { title: 'a lock on one Redis, fenced', topology: 'single', guard: 'fenced', takes: '1 Redis, a column' },
  lua: {
    title: 'a Lua script on Redis, copied later',
    topology: 'single',
    guard: 'lua',
    takes: '1 Redis, a reconciler',
  },
  pessimistic: {
    title: 'the database: SELECT … FOR UPDATE',
    topology: 'single',
    guard: 'pessimistic',
    takes: 'no Redis',
  },
  optimistic: {
    title: 'the database: a version column',
    topology: 'single',
    guard: 'optimistic',
    takes: 'no Redis, a column',
  },
} as const satisfies Record<string, Choice>

export type ChoiceName = keyof typeof choices
