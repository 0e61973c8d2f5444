import { z } from 'zod'
import { discipline, workMs } from './common.ts'
import { guards } from './guards/index.ts'
import type { Decision } from './guards/guard.ts'
import type { Workload, WorkRequest } from './workload.ts'

const options = z.strictObject({
  /** Users who have points. */
  accounts: z.int().min(1).max(10_000).default(20),
  /** What each of them has at first. */
  balance: z.int().min(0).max(1_000_000_000).default(1000),
  /** Points of one deduction: drawn anew for each request. */
  amount: z
    .strictObject({ min: z.int().min(1).max(1_000_000), max: z.int().min(1).max(1_000_000) })
    .default({ min: 10, max: 90 }),
  workMs: workMs.default({ min: 4, max: 12 }),
  /** `absolute` writes `balance = read − amount`, `relative` writes `balance = balance − amount`. */
  decrement: z.enum(['absolute', 'relative']).default('absolute'),
  /** The share of requests that are sent twice at once, to two servers: the double click. */
  resubmit: z.number().min(0).max(1).default(0),
  guard: discipline.shape.guard,
  obeysLost: discipline.shape.obeysLost,
})
type Options = z.output<typeof options>

/** A user pays with points: read the balance, look whether this request was done before, think, insert the deduction, write the balance. */
export default {
  kind: 'points',
  title: 'read balance, work, insert deduction, write balance',
  options,
  ledger: true,
  door: {
    path: '/points/deduct',
    body: z.strictObject({
      requestId: z.string().min(1).max(200),
      userId: z.int().min(1).max(10_000),
      amount: z.int().min(1).max(1_000_000),
    }),
  },
  request: ({ accounts, amount }, { requestId, number }) => ({
    requestId,
    userId: 1 + Math.floor(number() * accounts),
    amount: amount.min + Math.floor(number() * (amount.max - amount.min + 1)),
  }),
  key: ({ userId }) => `points:${userId}`,
  run: (context) => guards[context.options.guard](context, deduction(context.request, context.options)),
} satisfies Workload<Options>

const absoluteWrite = 'UPDATE accounts SET balance = $2, lowest = least(lowest, $2) WHERE user_id = $1'
const relativeWrite =
  'UPDATE accounts SET balance = balance - $2, lowest = least(lowest, balance - $2) WHERE user_id = $1'
const insert = 'INSERT INTO deductions (request_id, user_id, amount, fence) VALUES ($1, $2, $3, $4)'

function deduction({ requestId, userId, amount }: WorkRequest, { decrement }: Options): Decision {
  if (amount === undefined) throw new TypeError('a deduction names an amount')
  const writes = (fence: string | null, left?: number) => [
    { sql: insert, values: [requestId, userId, amount, fence] },
    left === undefined
      ? { sql: relativeWrite, values: [userId, amount] }
      : { sql: absoluteWrite, values: [userId, left] },
  ]
  return {
    async look(db, fence) {
      const [account] = await db.query<{ balance: number }>('SELECT balance FROM accounts WHERE user_id = $1', [userId])
      const before = await db.query('SELECT 1 FROM deductions WHERE request_id = $1 LIMIT 1', [requestId])
      if (before.length > 0) return 'repeated'
      if (!account || account.balance < amount) return 'refused'
      return decrement === 'absolute' ? writes(fence, account.balance - amount) : writes(fence)
    },
    taking: {
      units: amount,
      by: requestId,
      left: { sql: 'SELECT balance AS left FROM accounts WHERE user_id = $1', values: [userId] },
      takers: { sql: 'SELECT request_id AS by FROM deductions WHERE user_id = $1', values: [userId] },
      writes: writes(null),
    },
  }
}
