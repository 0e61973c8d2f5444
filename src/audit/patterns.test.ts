import { expect, test } from 'vitest'
import { Patterns } from './patterns.ts'
import { count } from './tally.ts'

function counted(keys: Iterable<string>, patterns = new Patterns()) {
  for (const key of keys) count(patterns.tallyOf(key), key, -1, 10_000)
  return patterns
}
const names = (patterns: Patterns) => patterns.all().map(({ pattern, passes }) => [pattern, passes.at(-1)!.keys])
const word = (index: number) => Array.from(String(index), (digit) => 'abcdefghij'[Number(digit)]).join('')

test('names that are too many are one that varies, and no key is lost', () => {
  const keys = Array.from({ length: 500 }, (_, index) => [
    `session:${word(index)}`,
    `session:${word(index)}:cart`,
  ]).flat()
  expect(names(counted([...keys, 'lock:a', 'lock:b']))).toEqual([
    ['session:*', 500],
    ['session:*:cart', 500],
    ['lock:a', 1],
    ['lock:b', 1],
  ])
})

test('the memory does not grow with the number of patterns', () => {
  const keys = function* () {
    for (let a = 0; a < 60; a++)
      for (let b = 0; b < 60; b++) for (let c = 0; c < 2; c++) yield `${word(a)}x:${word(b)}y:${word(c)}z`
  }
  const all = counted(keys()).all()
  expect(all.length).toBeLessThanOrEqual(4000)
  expect(all.reduce((sum, { passes }) => sum + passes[0]!.keys, 0)).toBe(60 * 60 * 2)
})

test('passes are counted apart, also of what is merged later', () => {
  const patterns = counted(['a:x', 'b:y'])
  patterns.nextPass()
  counted(['a:x', ...Array.from({ length: 200 }, (_, index) => `a:${word(index)}`)], patterns)
  expect(patterns.all().map(({ pattern, passes }) => [pattern, ...passes.map(({ keys }) => keys)])).toEqual([
    ['a:*', 1, 201],
    ['b:y', 1, 0],
  ])
})
