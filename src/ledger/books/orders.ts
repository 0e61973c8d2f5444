import type { Book } from './book.ts'

/** What the workload `oversell` writes: units are orders, units, products, units. */
export const orders = {
  entries: 'orders',
  damage: {
    duplicates: `
      SELECT count(*) - 1 AS amount, array_agg(DISTINCT request_id) AS requests,
             format('request %s was ordered %s times, by %s', request_id, count(*), string_agg(DISTINCT server, ' and ')) AS what
      FROM orders GROUP BY request_id HAVING count(*) > 1 ORDER BY min(id)`,
    oversold: `
      SELECT sold - first_stock AS amount,
             format('%s units of product %s were sold, it had %s', sold, id, first_stock) AS what
      FROM products JOIN (SELECT product_id, sum(quantity) AS sold FROM orders GROUP BY product_id) AS sales ON product_id = id
      WHERE sold > first_stock ORDER BY id`,
    negative_stock: `
      SELECT 1 AS amount, format('the stock of product %s went down to %s', id, lowest) AS what
      FROM products WHERE lowest < 0 ORDER BY id`,
    lost_updates: `
      SELECT abs(sold - (first_stock - stock)) AS amount,
             format('%s units of product %s were sold, but its stock went from %s to %s', sold, id, first_stock, stock) AS what
      FROM products
      LEFT JOIN (SELECT product_id, sum(quantity) AS units FROM orders GROUP BY product_id) AS sales ON product_id = id
      CROSS JOIN LATERAL (SELECT coalesce(units, 0) AS sold) AS total
      WHERE sold <> first_stock - stock ORDER BY id`,
    stale_writes_accepted: `
      SELECT 1 AS amount, array[request_id] AS requests,
             format('order %s of product %s has fence %s, after one with %s', id, product_id, fence, highest) AS what
      FROM (SELECT *, max(fence) OVER (PARTITION BY product_id ORDER BY id ROWS UNBOUNDED PRECEDING) AS highest FROM orders) AS seen
      WHERE fence < highest ORDER BY id`,
  },
} satisfies Book
