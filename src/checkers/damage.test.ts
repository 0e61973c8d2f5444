import { expect, test } from 'vitest'
import { noDamage } from '../../test/support/damage.ts'
import { plan } from '../../test/support/history.ts'
import type { Checker } from './checker.ts'
import { duplicates } from './duplicates.ts'
import { lostUpdates } from './lost-updates.ts'
import { negativeStock } from './negative-stock.ts'
import { oversold } from './oversold.ts'

const cases = [
  ['duplicates', duplicates, '2 duplicate orders in the ledger: a request that was done before was done again'],
  ['oversold', oversold, '2 units sold beyond the stock'],
  ['negative_stock', negativeStock, '2 products whose stock went below zero'],
  ['lost_updates', lostUpdates, '2 updates lost: the stock does not show what was sold'],
] as const satisfies readonly (readonly [string, Checker, string])[]

test.each(cases)('%s: found in the ledger, with examples', (metric, checker, sentence) => {
  const damage = { ...noDamage, [metric]: 2 }
  expect(checker.check({ plan: plan(), events: [], damage })).toEqual([
    { checker: metric, metric, count: 2, message: sentence },
  ])
  const examples = { [metric]: ['one', 'two', 'three', 'four'].map((what) => ({ what })) }
  expect(checker.check({ plan: plan(), events: [], damage: { ...damage, examples } })[0]!.message).toBe(
    `${sentence}; for example one; two; three`,
  )
})

test.each(cases)('%s: nothing found, or no ledger', (_, checker) => {
  expect(checker.check({ plan: plan(), events: [], damage: noDamage })).toEqual([])
  expect(checker.check({ plan: plan(), events: [] })).toEqual([])
})
