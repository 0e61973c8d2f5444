import type { Book } from './book.ts'

/**
 * What the workload `points` writes. `duplicates`: deductions beyond the first with one request id; `oversold`: points spent beyond the first
 * balance; `negative_stock`: accounts whose balance ever went below zero; `lost_updates`: points spent that the balance does not show.
 */
export const deductions = {
  entries: 'deductions',
  damage: {
    duplicates: `
      SELECT count(*) - 1 AS amount, array_agg(DISTINCT request_id) AS requests,
             format('request %s was deducted %s times, by %s', request_id, count(*), string_agg(DISTINCT server, ' and ')) AS what
      FROM deductions GROUP BY request_id HAVING count(*) > 1 ORDER BY min(id)`,
    oversold: `
      SELECT spent - first_balance AS amount,
             format('user %s spent %s points, of %s', accounts.user_id, spent, first_balance) AS what
      FROM accounts JOIN (SELECT user_id, sum(amount) AS spent FROM deductions GROUP BY user_id) AS total USING (user_id)
      WHERE spent > first_balance ORDER BY user_id`,
    negative_stock: `
      SELECT 1 AS amount, format('the balance of user %s went down to %s', user_id, lowest) AS what
      FROM accounts WHERE lowest < 0 ORDER BY user_id`,
    lost_updates: `
      SELECT abs(spent - (first_balance - balance)) AS amount,
             format('user %s spent %s points, but the balance went from %s to %s', user_id, spent, first_balance, balance) AS what
      FROM accounts
      LEFT JOIN (SELECT user_id, sum(amount) AS points FROM deductions GROUP BY user_id) AS total USING (user_id)
      CROSS JOIN LATERAL (SELECT coalesce(points, 0) AS spent) AS spending
      WHERE spent <> first_balance - balance ORDER BY user_id`,
    stale_writes_accepted: `
      SELECT 1 AS amount, array[request_id] AS requests,
             format('deduction %s of user %s has fence %s, after one with %s', id, user_id, fence, highest) AS what
      FROM (SELECT *, max(fence) OVER (PARTITION BY user_id ORDER BY id ROWS UNBOUNDED PRECEDING) AS highest FROM deductions) AS seen
      WHERE fence < highest ORDER BY id`,
  },
} satisfies Book
