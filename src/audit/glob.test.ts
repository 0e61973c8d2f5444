import { expect, test } from 'vitest'
import { globToRegExp } from './glob.ts'

test.each([
  ['lock:*', 'lock:a\nb', true],
  ['lock:*', 'unlock:a', false],
  ['h?llo', 'hello', true],
  ['h[ae]llo', 'hallo', true],
  ['h[^e]llo', 'hello', false],
  ['h[^e]llo', 'hbllo', true],
  ['h[c-a]llo', 'hbllo', true],
  ['a.c', 'abc', false],
  [String.raw`a\*`, 'a*', true],
  [String.raw`a\*`, 'ab', false],
  ['a[b', 'a[b', true],
  ['(x)+{1}', '(x)+{1}', true],
])('%s against %j: %s', (glob, key, expected) => {
  expect(globToRegExp(glob).test(key)).toBe(expected)
})
