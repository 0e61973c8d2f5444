import type { OpenPolicy } from '../policy.ts'
import { openDatabase, type DatabaseOptions } from './database.ts'
import { openFailFast } from './fail-fast.ts'
import { openLocalLock } from './local-lock.ts'
import { openQueue, type QueueOptions } from './queue.ts'

/** Each policy takes the options that are its own. */
export type PolicyOptions = DatabaseOptions & QueueOptions

export type PolicyName = keyof typeof policies

/** What to do when Redis cannot say. */
export const policies = {
  failFast: openFailFast,
  localLock: openLocalLock,
  queue: openQueue,
  database: openDatabase,
} satisfies Record<string, OpenPolicy<PolicyOptions>>
