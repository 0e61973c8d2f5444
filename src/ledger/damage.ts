import type { Book, DamageMetric } from './books/book.ts'
import { deductions } from './books/deductions.ts'
import { issues } from './books/issues.ts'
import { orders } from './books/orders.ts'
import { refusals } from './books/refusals.ts'
import type { Damage } from './ledger.ts'

/** Runs one statement in the drill's schema. */
type Query = <Row>(sql: string) => Promise<Row[]>

type Example = Damage['examples'][string][number]

const books: Book[] = [orders, issues, deductions, refusals]
const examplesMax = 20

/** Counts the damage in one schema's books. A drill has one workload, so all books but its own are empty. */
export async function countDamage(query: Query): Promise<Damage> {
  const damage: Damage = {
    duplicates: 0,
    oversold: 0,
    negative_stock: 0,
    lost_updates: 0,
    stale_writes_refused: 0,
    stale_writes_accepted: 0,
    entries: 0,
    examples: {},
  }
  for (const { entries, damage: statements } of books) {
    for (const [metric, sql] of Object.entries(statements) as [DamageMetric, string][]) {
      const { amount, examples } = await count(query, sql)
      if (amount === 0) continue
      damage[metric] += amount
      damage.examples[metric] = [...(damage.examples[metric] ?? []), ...examples]
    }
    if (entries === refusals.entries) continue
    const [rows] = await query<{ count: string }>(`SELECT count(*) FROM ${entries}`)
    damage.entries += Number(rows!.count)
  }
  return damage
}

async function count(query: Query, sql: string): Promise<{ amount: number; examples: Example[] }> {
  const rows = await query<{ total: string; what: string; requests?: string[] }>(
    `SELECT *, sum(amount) OVER () AS total FROM (${sql}) AS damage LIMIT ${examplesMax}`,
  )
  const examples = rows.map(({ what, requests }) => ({ what, ...(requests && { requestIds: requests }) }))
  return { amount: Number(rows[0]?.total ?? 0), examples }
}
