import { expect, test } from 'vitest'
import { listed, nearest, suggest } from './nearest.ts'

const names = ['oversell', 'double-click', 'primary-kill', 'quorum-node-down']

test('the nearest right name, by typing errors and by beginnings', () => {
  expect(nearest('oversel', names)).toBe('oversell')
  expect(nearest('Double-Clik', names)).toBe('double-click')
  expect(nearest('quorum', names)).toBe('quorum-node-down')
  expect(nearest('zzz', names)).toBeUndefined()
  expect(nearest('', names)).toBeUndefined()
})

test('where nothing is near, it tells what there is', () => {
  expect(suggest('primary-kil', names)).toBe('did you mean primary-kill?')
  expect(suggest('zzz', ['a', 'b', 'c'])).toBe('there is a, b and c')
  expect(suggest('zzz', [])).toBe('there is none')
  expect(
    suggest(
      'zzz',
      Array.from({ length: 90 }, (_, n) => `lock-${n}`),
    ),
  ).toBe('there are 90, such as lock-0, lock-1 and lock-2')
})

test('lists read as a sentence', () => {
  expect(listed(['a'])).toBe('a')
  expect(listed(['a', 'b'], 'or')).toBe('a or b')
})
