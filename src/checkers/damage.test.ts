import { expect, test } from 'vitest'
import { noDamage } from '../../test/support/damage.ts'
import { plan } from '../../test/support/history.ts'
import type { Checker } from './checker.ts'
import { duplicates } from './duplicates.ts'
import { lostUpdates } from './lost-updates.ts'
import { negativeStock } from './negative-stock.ts'
import { oversold } from './oversold.ts'

const cases = [
  ['duplicates', duplicates, '2 duplicate orders in the ledger: one request was carried out more than once'],
  ['oversold', oversold, '2 units oversold in the ledger: more went out than there was'],
  ['negative_stock', negativeStock, '2 products below zero in the ledger: what was left went below zero'],
  ['lost_updates', lostUpdates, '2 lost updates in the ledger: more went out than what is left shows'],
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

test.each([
  ['coupon', 'oversold', oversold, '1 coupon beyond the limit in the ledger: more went out than there was'],
  [
    'coupon',
    'duplicates',
    duplicates,
    '1 second coupon to one user in the ledger: one request was carried out more than once',
  ],
  ['points', 'negative_stock', negativeStock, '1 balance below zero in the ledger: what was left went below zero'],
  ['points', 'lost_updates', lostUpdates, '1 point lost in the ledger: more went out than what is left shows'],
])('%s: %s speaks of its own trade', (kind, metric, checker, sentence) => {
  const evidence = { plan: { ...plan(), workload: { kind } }, events: [], damage: { ...noDamage, [metric]: 1 } }
  expect(checker.check(evidence)[0]!.message).toBe(sentence)
})
