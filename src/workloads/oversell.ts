import { z } from 'zod'
import { discipline, workMs } from './common.ts'
import type { WorkContext, Workload, WorkRequest } from './workload.ts'

const options = z.strictObject({
  products: z.int().min(1).max(10_000).default(10),
  /** Units that each product has at first. */
  stock: z.int().min(0).max(1_000_000).default(100),
  /** Units of one order. */
  quantity: z.int().min(1).max(1_000).default(1),
  workMs: workMs.default({ min: 4, max: 12 }),
  /** `absolute` writes `stock = read − quantity`, `relative` writes `stock = stock − quantity`. */
  decrement: z.enum(['absolute', 'relative']).default('absolute'),
  /** The share of requests that are sent twice at once, to two servers: the double click. */
  resubmit: z.number().min(0).max(1).default(0),
  guard: discipline.shape.guard,
  obeysLost: discipline.shape.obeysLost,
})
type Options = z.output<typeof options>

/**
 * A shop sells what it has: read the stock, look whether this request was done before, think, insert the order, write the stock.
 *
 * Each step is a statement of its own, as in a shop that trusts its lock. One transaction with a row lock, or a unique request id,
 * would protect the books even where the lock does not, and so hide what the drill is after. `guard: fenced` turns a second defence
 * on: the ledger then refuses what comes with a lower fence than it has seen.
 */
export default {
  kind: 'oversell',
  title: 'read stock, work, insert order, write stock',
  options,
  ledger: true,
  door: {
    path: '/orders',
    body: z.strictObject({
      requestId: z.string().min(1).max(200),
      userId: z.int(),
      productId: z.int().min(1).max(10_000),
      quantity: z.int().min(1).max(1_000),
    }),
  },
  request: ({ products, quantity }, { requestId, userId, number }) => ({
    requestId,
    userId,
    productId: 1 + Math.floor(number() * products),
    quantity,
  }),
  key: ({ productId }) => `stock:${productId}`,
  async run(context) {
    const { request, options, fence, db, work, abandoned } = context
    const { requestId, productId, quantity } = orderOf(request)
    if (options.guard === 'fenced') await showFence(context)
    const [product] = await db.query<{ stock: number }>('SELECT stock FROM products WHERE id = $1', [productId])
    const before = await db.query('SELECT 1 FROM orders WHERE request_id = $1 LIMIT 1', [requestId])
    if (before.length > 0) return 'repeated'
    if (!product || product.stock < quantity) return 'refused'
    await work()
    if (abandoned()) return 'abandoned'
    const left = options.decrement === 'absolute' ? product.stock - quantity : undefined
    if (options.guard === 'fenced') {
      const [written] = await db.query<{ accepted: boolean }>(fencedWrite, [
        requestId,
        productId,
        quantity,
        left,
        fence,
      ])
      return written?.accepted ? 'done' : 'refused'
    }
    await db.query('INSERT INTO orders (request_id, product_id, quantity) VALUES ($1, $2, $3)', [
      requestId,
      productId,
      quantity,
    ])
    if (left === undefined) await db.query(relativeWrite, [productId, quantity])
    else await db.query(absoluteWrite, [productId, left])
    return 'done'
  },
} satisfies Workload<Options>

const absoluteWrite = 'UPDATE products SET stock = $2, lowest = least(lowest, $2) WHERE id = $1'
const relativeWrite = 'UPDATE products SET stock = stock - $2, lowest = least(lowest, stock - $2) WHERE id = $1'

/**
 * Order and stock in one statement that the fence lets in or not: two statements could be torn apart by a newer fence between them.
 * The row of `fences` is locked until the end of the statement, so writes to one product come one after another.
 */
const fencedWrite = `
  WITH gate AS (
    INSERT INTO fences AS known VALUES ($2, $5) ON CONFLICT (product_id) DO UPDATE SET last_fence = excluded.last_fence
    WHERE known.last_fence <= excluded.last_fence RETURNING 1
  ), ordered AS (
    INSERT INTO orders (request_id, product_id, quantity, fence) SELECT $1, $2, $3, $5 FROM gate
  ), written AS (
    UPDATE products SET stock = coalesce($4, stock - $3), lowest = least(lowest, coalesce($4, stock - $3))
    FROM gate WHERE id = $2
  ), refused AS (
    INSERT INTO refusals SELECT $1, $2, $5 WHERE NOT EXISTS (SELECT FROM gate)
  )
  SELECT EXISTS (SELECT FROM gate) AS accepted`

/**
 * The ledger has to see the fence before it answers the read. Else an older holder could still write between our read and our
 * write, with a fence that nothing contradicts yet, and our write would undo its own.
 */
async function showFence({ request, fence, db }: WorkContext<Options>): Promise<void> {
  if (fence === undefined) throw new Error('guard: fenced needs a fence with every grant, and this one has none')
  await db.query(
    `INSERT INTO fences AS known VALUES ($1, $2)
     ON CONFLICT (product_id) DO UPDATE SET last_fence = greatest(known.last_fence, excluded.last_fence)`,
    [request.productId, fence],
  )
}

function orderOf({ requestId, productId, quantity }: WorkRequest) {
  if (productId === undefined || quantity === undefined) throw new TypeError('an order names a product and a quantity')
  return { requestId, productId, quantity }
}
