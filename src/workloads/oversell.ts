import { z } from 'zod'
import { discipline, workMs } from './common.ts'
import { guards } from './guards/index.ts'
import type { Decision } from './guards/guard.ts'
import type { Workload, WorkRequest } from './workload.ts'

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

/** A shop sells what it has: read the stock, look whether this request was done before, think, insert the order, write the stock. */
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
  run: (context) => guards[context.options.guard](context, order(context.request, context.options)),
} satisfies Workload<Options>

const absoluteWrite = 'UPDATE products SET stock = $2, lowest = least(lowest, $2) WHERE id = $1'
const relativeWrite = 'UPDATE products SET stock = stock - $2, lowest = least(lowest, stock - $2) WHERE id = $1'
const insert = 'INSERT INTO orders (request_id, product_id, quantity, fence) VALUES ($1, $2, $3, $4)'

function order(request: WorkRequest, { decrement }: Options): Decision {
  const { requestId, productId, quantity } = request
  if (productId === undefined || quantity === undefined) throw new TypeError('an order names a product and a quantity')
  const writes = (fence: string | null, left?: number) => [
    { sql: insert, values: [requestId, productId, quantity, fence] },
    left === undefined
      ? { sql: relativeWrite, values: [productId, quantity] }
      : { sql: absoluteWrite, values: [productId, left] },
  ]
  return {
    async look(db, fence) {
      const [product] = await db.query<{ stock: number }>('SELECT stock FROM products WHERE id = $1', [productId])
      const before = await db.query('SELECT 1 FROM orders WHERE request_id = $1 LIMIT 1', [requestId])
      if (before.length > 0) return 'repeated'
      if (!product || product.stock < quantity) return 'refused'
      return decrement === 'absolute' ? writes(fence, product.stock - quantity) : writes(fence)
    },
    taking: {
      units: quantity,
      by: requestId,
      left: { sql: 'SELECT stock AS left FROM products WHERE id = $1', values: [productId] },
      takers: { sql: 'SELECT request_id AS by FROM orders WHERE product_id = $1', values: [productId] },
      writes: writes(null),
    },
  }
}
