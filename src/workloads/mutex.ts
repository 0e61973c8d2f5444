import { z } from 'zod'
import { discipline, workMs } from './common.ts'
import type { Workload } from './workload.ts'

const options = z.strictObject({
  /** Over how many keys the requests spread. */
  keys: z.int().min(1).default(1),
  workMs: workMs.default({ min: 1, max: 5 }),
  guard: discipline.shape.guard.unwrap().extract(['lock', 'none']).default('lock'),
  obeysLost: discipline.shape.obeysLost,
})
type Options = z.output<typeof options>

/**
 * Enter, stay for `workMs`, leave: the lock alone, without a ledger. What it can show is overlapping holders, and how fast a lock is.
 */
export default {
  kind: 'mutex',
  title: 'enter, stay, leave; no ledger',
  options,
  ledger: false,
  door: {
    path: '/mutex',
    body: z.strictObject({ requestId: z.string().min(1).max(200), userId: z.int(), productId: z.int().min(1) }),
  },
  request: ({ keys }, { requestId, userId, number }) => ({
    requestId,
    userId,
    productId: 1 + Math.floor(number() * keys),
  }),
  key: ({ productId }) => `mutex:${productId}`,
  async run({ work, abandoned }) {
    await work()
    return abandoned() ? 'abandoned' : 'done'
  },
} satisfies Workload<Options>
