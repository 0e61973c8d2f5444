import { expect, test } from 'vitest'
import { openShop } from './support/shop.ts'

const workMs = { min: 0, max: 0 }

test('the door of the coupons: the coupon is in the path, one each, until the limit', async () => {
  const workload = { kind: 'coupon', coupons: 2, limit: 2, workMs }
  await using shop = await openShop({ lock: 'set-nx', workload })
  const issue = (path: string, userId: number, more = {}) =>
    shop.post(0, path, { requestId: `r-${userId}`, userId, ...more })
  expect(await issue('/coupons/1/issue', 1)).toEqual({ status: 201, body: { outcome: 'done' } })
  expect(await issue('/coupons/1/issue', 1)).toMatchObject({ status: 200, body: { outcome: 'repeated' } })
  expect(await issue('/coupons/2/issue', 1)).toMatchObject({ status: 201 })
  expect(await issue('/coupons/1/issue', 2)).toMatchObject({ status: 201 })
  expect(await issue('/coupons/1/issue', 3)).toMatchObject({ status: 409, body: { outcome: 'refused' } })
  expect(await issue('/coupons/3/issue', 1)).toMatchObject({ status: 409 })
  expect(await issue('/coupons/1/issue', 4, { couponId: 2 })).toMatchObject({ status: 400 })
  for (const path of ['/coupons/one/issue', '/coupons/0/issue', '/coupons/1/issue/2', '/coupons//issue'])
    expect(await issue(path, 4)).toMatchObject({
      status: 404,
      body: { message: `there is no ${path} here; there is /coupons/{couponId}/issue, /health, /metrics` },
    })
  await shop.fleet.close()
  const keys = (await shop.history()).flatMap((event) => (event.f === 'request' ? [event.key] : []))
  expect(new Set(keys)).toEqual(new Set(['coupon:issue:1', 'coupon:issue:2', 'coupon:issue:3']))
  expect(await shop.damage()).toMatchObject({ entries: 3, duplicates: 0, oversold: 0 })
})

test('the door of the points: not enough, done before', async () => {
  await using shop = await openShop({ lock: 'set-nx', workload: { kind: 'points', accounts: 1, balance: 100, workMs } })
  const deduct = (requestId: string, amount: number, userId = 1) =>
    shop.post(0, '/points/deduct', { requestId, userId, amount })
  expect(await deduct('a', 70)).toMatchObject({ status: 201 })
  expect(await deduct('a', 70)).toMatchObject({ status: 200 })
  expect(await deduct('b', 31)).toMatchObject({ status: 409 })
  expect(await deduct('c', 30)).toMatchObject({ status: 201 })
  expect(await deduct('d', 1, 2)).toMatchObject({ status: 409 })
  expect(await deduct('e', 0)).toMatchObject({ status: 400 })
  expect(await shop.damage()).toMatchObject({ entries: 2, duplicates: 0, oversold: 0, lost_updates: 0 })
})

const load = { executor: 'shared-iterations', vus: 24, iterations: 120 }
const thinking = { min: 1, max: 4 }
const trades = [
  { kind: 'oversell', products: 2, stock: 30, workMs: thinking, resubmit: 0.5 },
  { kind: 'coupon', coupons: 2, limit: 30, users: 60, workMs: thinking, resubmit: 0.5 },
  { kind: 'points', accounts: 2, balance: 900, amount: { min: 1, max: 50 }, workMs: thinking, resubmit: 0.5 },
]

test.each(trades)('$kind: without a guard the books are wrong, and say in what', async (workload) => {
  // Long enough for both halves of a double click to be at it, however late a busy machine sends the second.
  const unguarded = { ...workload, guard: 'none', workMs: { min: 20, max: 60 } }
  await using shop = await openShop({ servers: 2, lock: 'set-nx', workload: unguarded, load })
  await shop.fleet.load(60_000)
  await shop.fleet.close()
  const { duplicates, oversold, lost_updates, examples } = await shop.damage()
  expect(duplicates).toBeGreaterThan(0)
  expect(oversold).toBeGreaterThan(0)
  if (workload.kind !== 'coupon') expect(lost_updates).toBeGreaterThan(0)
  const words = { oversell: /product/, coupon: /coupon/, points: /points|deducted|balance/ }[workload.kind]!
  for (const { what } of Object.values(examples).flat()) if (!what.includes('was ordered')) expect(what).toMatch(words)
})

const [selling, issuing, deducting] = trades as [object, object, object]
const guarded = [
  { ...issuing, kind: 'coupon', guard: 'lock' },
  { ...deducting, kind: 'points', guard: 'fenced' },
  { ...issuing, kind: 'coupon', guard: 'optimistic' },
  { ...selling, kind: 'oversell', guard: 'lua' },
  { ...deducting, kind: 'points', guard: 'lua' },
]

test.each(guarded)('$kind, guard $guard: whole books, and nothing left that could be had', async (workload) => {
  await using shop = await openShop({ servers: 2, lock: 'reference', workload, load, waitMs: 20_000 })
  await shop.fleet.load(60_000)
  await shop.fleet.close()
  const damage = await shop.damage()
  expect(damage).toMatchObject({
    duplicates: 0,
    oversold: 0,
    negative_stock: 0,
    lost_updates: 0,
    stale_writes_refused: 0,
    stale_writes_accepted: 0,
  })
  const events = await shop.history()
  const outcomes = events.flatMap((event) => (event.f === 'request' ? [event.outcome] : []))
  expect(new Set(outcomes)).toEqual(new Set(['done', 'repeated', 'refused']))
  expect(damage.entries).toBe(outcomes.filter((outcome) => outcome === 'done').length)
  const grants = events.filter((event) => event.f === 'acquire' && event.type === 'ok').length
  expect(grants).toBe(['lock', 'fenced'].includes(workload.guard) ? outcomes.length : 0)
})
