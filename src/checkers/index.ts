import type { Checker } from './checker.ts'
import { duplicates } from './duplicates.ts'
import { exclusion } from './exclusion.ts'
import { fence } from './fence.ts'
import { lostUpdates } from './lost-updates.ts'
import { negativeStock } from './negative-stock.ts'
import { oversold } from './oversold.ts'
import { unsettled } from './unsettled.ts'

/** In the order in which a report tells what broke. */
export const checkers = {
  exclusion,
  duplicates,
  oversold,
  negative_stock: negativeStock,
  lost_updates: lostUpdates,
  fence,
  unsettled,
} satisfies Record<string, Checker>
