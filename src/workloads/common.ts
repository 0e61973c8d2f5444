import { z } from 'zod'

/** ms to think under the lock, drawn anew for each request. */
export const workMs = z.strictObject({ min: z.number().min(0), max: z.number().min(0) })

/** What protects the work. `fenced`: the lock, and the ledger refuses a fence lower than one it has seen. */
const guards = ['lock', 'none', 'fenced'] as const

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
