import type { Guard } from './guard.ts'

/**
 * Guard `lua`: no lock. An atomic script on Redis decides and the shop answers at once; the ledger gets its copy a moment later. What Redis forgets
 * before that is sold again, and seen in the ledger.
 */
export const lua: Guard = async ({ key, shelf, work }, { taking }) => {
  if (shelf === undefined) throw new Error('guard: lua needs a shelf on Redis, and there is none')
  const taken = await shelf.take(key, taking)
  if (taken !== 'done') return taken
  await work()
  shelf.copy(key, taking)
  return 'done'
}
