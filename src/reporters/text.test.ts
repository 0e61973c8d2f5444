import { expect, test } from 'vitest'
import { humanCount, humanMs, moment, plain, plural, wrap } from './text.ts'

test('durations have the unit that a person would choose', () => {
  const samples = [0, 0.04, 0.0999, 0.4, 1.24, 9.94, 9.96, 41.3, 999.4, 999.7, 2310, 9996, 31_000, 125_000, NaN]
  expect(samples.map(humanMs)).toEqual([
    '0 µs',
    '40 µs',
    '0.1 ms',
    '0.4 ms',
    '1.2 ms',
    '9.9 ms',
    '10 ms',
    '41 ms',
    '999 ms',
    '1.00 s',
    '2.31 s',
    '10.0 s',
    '31.0 s',
    '2 min 5 s',
    '–',
  ])
  expect(moment(5871.2)).toBe('5.871 s')
})

test('counts', () => {
  expect([3, 113.24, 0.9876, 3.5].map(humanCount)).toEqual(['3', '113', '0.99', '3.5'])
  expect([plural(1, 'unit'), plural(2, 'unit')]).toEqual(['1 unit', '2 units'])
})

test('nothing of a stranger moves the cursor', () => {
  expect(plain('a\u001b[31mred\u001b[0m\r\nb\u0007\u009b2Jc')).toBe('ared b c')
})

test('lines are never wider than the terminal', () => {
  expect(wrap('two servers held stock:7 at once', 14)).toEqual(['two servers', 'held stock:7', 'at once'])
  expect(wrap('abcdefghij kl', 4)).toEqual(['abcd', 'efgh', 'ij', 'kl'])
  expect(wrap('it was at 5.871 s, later', 14)).toEqual(['it was at', '5.871 s, later'])
  expect(wrap('it was at 5.871 s, later', 16)).toEqual(['it was at', '5.871 s, later'])
  expect(wrap('', 10)).toEqual([''])
})
