import type { Plan } from '../plan/scenario.ts'
import type { Opening } from './ledger.ts'

/** The first state of the ledger's tables, by the workload's own options. */
export function firstState({ workload }: Plan): Opening {
  const names = ['products', 'stock', 'coupons', 'limit', 'accounts', 'balance'] as const
  return Object.fromEntries(
    names.flatMap((name) => (typeof workload[name] === 'number' ? [[name, workload[name]]] : [])),
  )
}
