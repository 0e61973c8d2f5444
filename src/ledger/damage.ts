import type { Damage } from './ledger.ts'

/** Runs one statement in the drill's schema. */
type Query = <Row>(sql: string) => Promise<Row[]>

type Metric = Exclude<keyof Damage, 'orders' | 'examples'>
type Example = Damage['examples'][string][number]

const examplesMax = 20

/**
 * One statement a metric; each row is one place of damage: `amount` of it, and what a person should look at. Units are the metric's own
 * (orders, units, products, writes).
 */
const statements = {
  duplicates: `
    SELECT count(*) - 1 AS amount, min(product_id) AS product, array_agg(DISTINCT request_id) AS requests,
           format('request %s was ordered %s times, by %s', request_id, count(*), string_agg(DISTINCT server, ' and ')) AS what
    FROM orders GROUP BY request_id HAVING count(*) > 1 ORDER BY min(id)`,
  oversold: `
    SELECT sold - first_stock AS amount, id AS product,
           format('%s units of product %s were sold, it had %s', sold, id, first_stock) AS what
    FROM products JOIN (SELECT product_id, sum(quantity) AS sold FROM orders GROUP BY product_id) AS sales ON product_id = id
    WHERE sold > first_stock ORDER BY id`,
  negative_stock: `
    SELECT 1 AS amount, id AS product, format('the stock of product %s went down to %s', id, lowest) AS what
    FROM products WHERE lowest < 0 ORDER BY id`,
  lost_updates: `
    SELECT abs(sold - (first_stock - stock)) AS amount, id AS product,
           format('%s units of product %s were sold, but its stock went from %s to %s', sold, id, first_stock, stock) AS what
    FROM products
    JOIN LATERAL (SELECT coalesce(sum(quantity), 0) AS sold FROM orders WHERE product_id = products.id) AS sales ON true
    WHERE sold <> first_stock - stock ORDER BY id`,
  stale_writes_refused: `
    SELECT 1 AS amount, product_id AS product, array[request_id] AS requests,
           format('a write to product %s with fence %s was refused', product_id, fence) AS what
    FROM refusals`,
  stale_writes_accepted: `
    SELECT 1 AS amount, product_id AS product, array[request_id] AS requests,
           format('order %s of product %s has fence %s, after one with %s', id, product_id, fence, highest) AS what
    FROM (SELECT *, max(fence) OVER (PARTITION BY product_id ORDER BY id ROWS UNBOUNDED PRECEDING) AS highest FROM orders) AS seen
    WHERE fence < highest ORDER BY id`,
} satisfies Record<Metric, string>

/** Counts the damage in one schema's books. */
export async function countDamage(query: Query): Promise<Damage> {
  const entries = Object.entries(statements) as [Metric, string][]
  const counted: [Metric, { amount: number; examples: Example[] }][] = []
  for (const [metric, sql] of entries) counted.push([metric, await count(query, sql)])
  const [orders] = await query<{ count: string }>('SELECT count(*) FROM orders')
  return {
    ...(Object.fromEntries(counted.map(([metric, { amount }]) => [metric, amount])) as Record<Metric, number>),
    orders: Number(orders!.count),
    examples: Object.fromEntries(
      counted.filter(([, { amount }]) => amount > 0).map(([metric, { examples }]) => [metric, examples]),
    ),
  }
}

async function count(query: Query, sql: string): Promise<{ amount: number; examples: Example[] }> {
  const [total] = await query<{ amount: string }>(`SELECT coalesce(sum(amount), 0) AS amount FROM (${sql}) AS damage`)
  const rows = await query<{ what: string; product: number; requests?: string[] }>(
    `SELECT * FROM (${sql}) AS damage LIMIT ${examplesMax}`,
  )
  const examples = rows.map(({ what, product, requests }) => ({
    what,
    product,
    ...(requests && { requestIds: requests }),
  }))
  return { amount: Number(total!.amount), examples }
}
