import type { Book } from './book.ts'

/**
 * What the workload `coupon` writes. `duplicates`: coupons beyond the first of their kind that one user got; `oversold`: coupons issued
 * beyond the limit. What was issued is counted from what was issued, so there is no number that could be lost or go below zero.
 */
export const issues = {
  entries: 'issues',
  damage: {
    duplicates: `
      SELECT count(*) - 1 AS amount, array_agg(DISTINCT request_id) AS requests,
             format('user %s got coupon %s %s times, by %s', user_id, coupon_id, count(*), string_agg(DISTINCT server, ' and ')) AS what
      FROM issues GROUP BY coupon_id, user_id HAVING count(*) > 1 ORDER BY min(id)`,
    oversold: `
      SELECT issued - first_limit AS amount,
             format('%s of coupon %s were issued, its limit is %s', issued, id, first_limit) AS what
      FROM coupons JOIN (SELECT coupon_id, count(*) AS issued FROM issues GROUP BY coupon_id) AS issues ON coupon_id = id
      WHERE issued > first_limit ORDER BY id`,
    stale_writes_accepted: `
      SELECT 1 AS amount, array[request_id] AS requests,
             format('issue %s of coupon %s has fence %s, after one with %s', id, coupon_id, fence, highest) AS what
      FROM (SELECT *, max(fence) OVER (PARTITION BY coupon_id ORDER BY id ROWS UNBOUNDED PRECEDING) AS highest FROM issues) AS seen
      WHERE fence < highest ORDER BY id`,
  },
} satisfies Book
