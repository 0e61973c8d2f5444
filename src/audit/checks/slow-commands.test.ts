import { expect, test } from 'vitest'
import { facts, found } from '../../../test/support/facts.ts'
import { slowCommands } from './slow-commands.ts'

const took = (tookMs: number, command = 'KEYS') => ({ command, tookMs, at: '2026-11-28T09:00:00.000Z' })

test.each([
  ['SLOWLOG is not allowed', undefined, []],
  ['nothing', [], []],
  ['fast ones', [took(9.9)], []],
  ['a slow one', [took(10)], ['low: 1 command blocked Redis for 10 ms or longer, the slowest (KEYS) for 10 ms']],
  [
    'several, in whatever order',
    [took(3), took(20, 'SORT'), took(100), took(12)],
    ['medium: 3 commands blocked Redis for 10 ms or longer, the slowest (KEYS) for 100 ms'],
  ],
])('%s', (_, slowlog, expected) => {
  expect(found(slowCommands, { slowlog })).toEqual(expected)
})

test('the evidence is the five slowest', () => {
  const slowlog = Array.from({ length: 8 }, (_, index) => took(10 + index))
  const [finding] = slowCommands.look(facts({ slowlog }))
  expect(finding!.evidence.map((text) => text.slice(0, 11))).toEqual([17, 16, 15, 14, 13].map((ms) => `KEYS, ${ms} ms`))
})
