import { z } from 'zod'
import { discipline, workMs } from './common.ts'
import { guards } from './guards/index.ts'
import type { Decision } from './guards/guard.ts'
import type { Workload, WorkRequest } from './workload.ts'

const options = z.strictObject({
  /** Kinds of coupons. */
  coupons: z.int().min(1).max(10_000).default(1),
  /** How many there are of each. */
  limit: z.int().min(0).max(1_000_000).default(500),
  /** Users take turns: after so many iterations the first comes again. */
  users: z.int().min(1).max(1_000_000).default(1000),
  workMs: workMs.default({ min: 4, max: 12 }),
  /** The share of requests that are sent twice at once, to two servers: the double click. */
  resubmit: z.number().min(0).max(1).default(0),
  guard: discipline.shape.guard,
  obeysLost: discipline.shape.obeysLost,
})
type Options = z.output<typeof options>

/**
 * First come, first served (seed 003): look whether the user has one, count how many were issued, think, issue. There is no number to write back:
 * what breaks is the limit, and "one each".
 */
export default {
  kind: 'coupon',
  title: 'count issued, check the user has none, work, issue',
  options,
  ledger: true,
  door: {
    path: '/coupons/{couponId}/issue',
    body: z.strictObject({ requestId: z.string().min(1).max(200), userId: z.int().min(1).max(1_000_000) }),
  },
  request: ({ coupons, users }, { requestId, iteration, number }) => ({
    requestId,
    userId: 1 + (iteration % users),
    couponId: 1 + Math.floor(number() * coupons),
  }),
  key: ({ couponId }) => `coupon:issue:${couponId}`,
  run: (context) => guards[context.options.guard](context, issue(context.request)),
} satisfies Workload<Options>

const insert = 'INSERT INTO issues (request_id, coupon_id, user_id, fence) VALUES ($1, $2, $3, $4)'
const leftOf = `SELECT first_limit - (SELECT count(*) FROM issues WHERE coupon_id = $1)::integer AS left FROM coupons WHERE id = $1`

function issue({ requestId, couponId, userId }: WorkRequest): Decision {
  if (couponId === undefined) throw new TypeError('an issue names a coupon')
  const writes = (fence: string | null) => [{ sql: insert, values: [requestId, couponId, userId, fence] }]
  return {
    async look(db, fence) {
      const [coupon] = await db.query<{ left: number }>(leftOf, [couponId])
      const before = await db.query('SELECT 1 FROM issues WHERE coupon_id = $1 AND user_id = $2 LIMIT 1', [
        couponId,
        userId,
      ])
      if (before.length > 0) return 'repeated'
      return coupon && coupon.left > 0 ? writes(fence) : 'refused'
    },
    taking: {
      units: 1,
      by: String(userId),
      left: { sql: leftOf, values: [couponId] },
      takers: { sql: 'SELECT user_id::text AS by FROM issues WHERE coupon_id = $1', values: [couponId] },
      writes: writes(null),
    },
  }
}
