import type { GuardName } from '../common.ts'
import type { Guard } from './guard.ts'
import { fenced } from './fenced.ts'
import { lua } from './lua.ts'
import { optimistic } from './optimistic.ts'
import { pessimistic } from './pessimistic.ts'
import { trusting } from './trusting.ts'

/** By the scenario's `guard`. */
export const guards = { lock: trusting, none: trusting, fenced, optimistic, pessimistic, lua } satisfies Record<
  GuardName,
  Guard
>
