import { z } from 'zod'

/** ms to think under the lock, drawn anew for each request. */
export const workMs = z.strictObject({ min: z.number().min(0), max: z.number().min(0) })

/** What protects the work, see guards/index.ts. */
const guards = ['lock', 'none', 'fenced', 'optimistic', 'pessimistic', 'lua'] as const
export type GuardName = (typeof guards)[number]

/** Whether the lock under test is taken at all. */
export const takesLock = (guard: GuardName): boolean => guard === 'lock' || guard === 'fenced'

/**
 * What the server needs to know of any workload's options; each workload's own schema says which of them it offers. `resubmit`: the
 * share of requests that are sent twice at once. `obeysLost: false`: the work goes on after the lock has said that it lost.
 */
export const discipline = z.object({
  workMs: workMs.default({ min: 0, max: 0 }),
  guard: z.enum(guards).default('lock'),
  resubmit: z.number().default(0),
  obeysLost: z.boolean().default(true),
})
export type Discipline = z.output<typeof discipline>
