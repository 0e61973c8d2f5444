import type { Checker } from './checker.ts'
import { duplicates } from './duplicates.ts'
import { exclusion } from './exclusion.ts'
import { falseContention } from './false-contention.ts'
import { fence } from './fence.ts'
import { foreignReleases } from './foreign-releases.ts'
import { leakedKeys } from './leaked-keys.ts'
import { lostUpdates } from './lost-updates.ts'
import { negativeStock } from './negative-stock.ts'
import { overclaims } from './overclaims.ts'
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
  foreign_releases: foreignReleases,
  overclaims,
  leaked_keys: leakedKeys,
  false_contention: falseContention,
  unsettled,
} satisfies Record<string, Checker>
